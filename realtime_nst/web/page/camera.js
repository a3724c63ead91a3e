// The camera, and its newest frames as a stream that the worker can read.

import { word } from "./words.js";

const WANTED = { width: { ideal: 640, max: 1280 }, height: { ideal: 480, max: 1280 }, frameRate: { ideal: 30, max: 30 } };

/**
 * @param {string | null} id of the camera; null takes the one that faces the viewer
 * @returns {Promise<MediaStreamTrack>}
 */
export async function openCamera(id) {
  if (!navigator.mediaDevices) throw new Error(word("camera_insecure"));
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...which } });
  return stream.getVideoTracks()[0];
}

/** Why the camera cannot be had, in the viewer's words. @param {Error} error */
export function reason(error) {
  const known = /** @type {Record<string, string>} */ ({ NotAllowedError: "camera_denied", NotFoundError: "camera_none", NotReadableError: "camera_busy" });
  return error.name in known ? word(known[error.name]) : word("camera_failed", { why: error.message });
}

/** The cameras there are. @returns {Promise<{ id: string, label: string }[]>} */
export async function cameras() {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }, at) =>
    ({ id: deviceId, label: label || word("camera_number", { number: at + 1 }) }));
}

/**
 * The newest frame whenever one is asked for; older ones are dropped.
 * @param {MediaStreamTrack} track
 * @returns {ReadableStream<VideoFrame>}
 */
export function frames(track) {
  const Processor = /** @type {any} */ (globalThis).MediaStreamTrackProcessor;
  return Processor ? new Processor({ track, maxBufferSize: 1 }).readable : throughVideo(track);
}

/** For browsers that do not give out frames: a video that nobody sees. @param {MediaStreamTrack} track */
function throughVideo(track) {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  return new ReadableStream({
    start: () => video.play(),
    pull: (controller) => new Promise((done) => {
      track.addEventListener("ended", () => done(controller.close()), { once: true });
      video.requestVideoFrameCallback((now) => {
        controller.enqueue(new VideoFrame(video, { timestamp: 1000 * now }));
        done(undefined);
      });
    }),
    cancel: () => { video.srcObject = null; },
  }, { highWaterMark: 0 });
}
