// Recording what is shown, with the microphone if wanted: MP4 with a duration, else WebM.

/** @typedef {import("mediabunny").Output} Output */

const BITS = 5_000_000;

export class Recording {
  /**
   * @param {Output} output
   * @param {string} kind "mp4" or "webm"
   * @param {MediaStreamTrack[]} tracks
   */
  constructor(output, kind, tracks) {
    this.output = output;
    this.kind = kind;
    this.tracks = tracks;
  }

  /**
   * Throws where the browser cannot encode video, or the microphone is refused.
   * @param {HTMLCanvasElement} canvas
   * @param {boolean} microphone
   */
  static async begin(canvas, microphone) {
    /** @type {typeof import("mediabunny")} */
    const bunny = await import(new URL("libraries/mediabunny.mjs", import.meta.url).href);
    const mp4 = await bunny.canEncodeVideo("avc");
    const format = mp4 ? new bunny.Mp4OutputFormat({ fastStart: "in-memory" }) : new bunny.WebMOutputFormat();
    const output = new bunny.Output({ format, target: new bunny.BufferTarget() });
    const [picture] = canvas.captureStream(30).getVideoTracks(), tracks = /** @type {MediaStreamTrack[]} */ ([picture]);
    /** @type {import("mediabunny").VideoEncodingConfig} */
    const encoding = { codec: mp4 ? "avc" : "vp8", bitrate: BITS, sizeChangeBehavior: "contain" };
    output.addVideoTrack(new bunny.MediaStreamVideoTrackSource(/** @type {any} */ (picture), encoding, { frameRate: null })); // as painted, none twice
    if (microphone) {
      const [sound] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
      tracks.push(sound);
      const codec = mp4 && await bunny.canEncodeAudio("aac") ? "aac" : "opus";
      output.addAudioTrack(new bunny.MediaStreamAudioTrackSource(/** @type {any} */ (sound), { codec, bitrate: 128_000 }));
    }
    await output.start();
    return new Recording(output, mp4 ? "mp4" : "webm", tracks);
  }

  /** The film. @returns {Promise<Blob>} */
  async end() {
    await this.output.finalize();
    for (const track of this.tracks) track.stop();
    const { buffer } = /** @type {import("mediabunny").BufferTarget} */ (this.output.target);
    return new Blob([/** @type {ArrayBuffer} */ (buffer)], { type: `video/${this.kind}` });
  }
}
