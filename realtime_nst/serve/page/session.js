// The camera to the server over WebRTC, the painting back; settings and figures over a web socket.

import { $, element, say } from "./dom.js";
import { asLook, asView, changes, settings } from "./look.js";
import { state } from "./state.js";
import { show, showSplit, showStyle } from "./controls.js";
import { learned, resend, showTrained } from "./pictures.js";
import { stopRecording } from "./recording.js";

const video = $("video");
const CAMERA = { width: { ideal: 640, max: 1280 }, height: { ideal: 480, max: 1280 }, frameRate: { ideal: 30, max: 30 } };
const KILOBITS = 3000;
const PAUSES = [1, 2, 4, 8, ...Array(20).fill(15)]; // seconds between tries to connect again: five minutes
const RESENT = 5; // times that a picture is sent again before the server is believed

let tries = 0; // to connect again

class Session {
  constructor(camera) {
    this.camera = camera;
    this.peer = new RTCPeerConnection({ iceServers: state.offered.ice_servers });
    this.peer.addTransceiver(camera.getVideoTracks()[0], { direction: "sendrecv", streams: [camera] });
    this.peer.ontrack = ({ receiver, track }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      video.srcObject = new MediaStream([track]);
    };
    this.socket = new WebSocket(Object.assign(new URL("session", location.href), { protocol: location.protocol.replace("http", "ws") }));
    this.socket.onopen = () => this.offer().catch((error) => this.fail(error));
    this.socket.onmessage = ({ data }) => this.told(JSON.parse(data)).catch((error) => this.fail(error));
    this.socket.onclose = () => lost();
    this.peer.onconnectionstatechange = () => this.peer.connectionState === "failed" && lost();
    this.before = {};
    this.resent = 0; // how often pictures were sent again for one look
    this.sent = { ...state.offered.look }; // what the server begins a session with
  }

  send(fields) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(fields));
  }

  tell() {
    this.send({ type: "look", look: changes(asLook(state.look), this.sent), view: asView(state.look) });
    Object.assign(this.sent, asLook(state.look));
  }

  async offer() {
    this.tell();
    await this.peer.setLocalDescription();
    if (this.peer.iceGatheringState !== "complete") {
      await new Promise((done) => this.peer.addEventListener("icegatheringstatechange",
        () => this.peer.iceGatheringState === "complete" && done(null)));
    }
    this.send({ type: "offer", sdp: this.peer.localDescription.sdp });
  }

  async told(what) {
    if (what.type === "answer") await this.answered(what);
    else if (what.type === "look") this.worn(what);
    else if (what.type === "training") learned(what);
    else if (what.type === "statistics") await this.figures(what);
    else if (what.type === "error") await this.refused(what);
    else if (what.type === "end") tries || what.again ? lost(what.message) : end(what.message);
  }

  async answered({ sdp }) {
    await this.peer.setRemoteDescription({ type: "answer", sdp: startingFast(sdp) });
    // Each other size has a network of its own. Browsers that cannot hold the size scale it.
    const [sender] = this.peer.getSenders();
    sender.setParameters({ ...sender.getParameters(), degradationPreference: "maintain-resolution" }).catch(() => {});
  }

  async refused({ message, missing, look: held, view }) {
    state.latest = this.sent = held;
    if (await this.sentAgain(missing)) return this.tell();
    show(settings(held, view, state.look.blend_weight));
    showStyle(false);
    say(message, true);
  }

  // A server that was started again has none of the pictures, and one that has many forgets some.
  async sentAgain(missing) {
    return missing.length > 0 && ++this.resent <= RESENT && resend(missing);
  }

  worn({ look: worn, view }) {
    state.latest = worn;
    this.resent = 0;
    if (settings(worn, view).style === state.look.style) showStyle(false);
  }

  // Latency is the sum of what both sides measure: encoding here, the way there and back, waiting,
  // painting and encoding there, and from arrival to the screen here.
  async figures({ milliseconds, dropped, provider }) {
    const stats = [...(await this.peer.getStats()).values()];
    const sent = stats.find((each) => each.type === "outbound-rtp") ?? {};
    const got = stats.find((each) => each.type === "inbound-rtp") ?? {};
    const pair = stats.find((each) => each.type === "candidate-pair" && each.nominated) ?? {};
    const grown = (from, name) => {
      const key = from.type + name, was = this.before[key] ?? 0;
      this.before[key] = from[name] ?? 0;
      return this.before[key] - was;
    };
    const frames = grown(got, "framesDecoded");
    const decoding = grown(got, "totalProcessingDelay") / (frames || 1);
    const here = grown(sent, "totalEncodeTime") / (grown(sent, "framesEncoded") || 1) + Math.max(decoding, toScreen);
    const seconds = (got.timestamp - (this.last ?? got.timestamp)) / 1000;
    this.last = got.timestamp;
    if (seconds) $("fps").textContent = (frames / seconds).toFixed(0);
    $("latency").textContent = `${Math.round(1000 * (here + (pair.currentRoundTripTime ?? 0)) + milliseconds)} ms`;
    $("size").textContent = `${video.videoWidth} × ${video.videoHeight}`;
    $("dropped").textContent = dropped;
    $("figures").title = `Painted with ${provider}`;
  }

  fail(error) {
    if (!this.closed) end(String(error));
  }

  close() {
    this.closed = true;
    this.socket.onclose = this.socket.onmessage = this.peer.onconnectionstatechange = null;
    this.socket.close();
    if (held !== this.peer) this.peer.close();
  }
}

// Chromium otherwise begins with a blurred picture and needs half a minute to a sharp one.
function startingFast(sdp) {
  return sdp.replace(/a=rtpmap:(\d+) VP8\/90000\r\n/, (line, number) => `${line}a=fmtp:${number} x-google-start-bitrate=${KILOBITS}\r\n`);
}

async function start() {
  tries = 0;
  $("start").disabled = true;
  say("Asking for the camera …");
  let camera;
  try {
    camera = await openCamera();
    state.session = new Session(camera);
    say("Connecting …");
  } catch (error) {
    if (camera) release(camera);
    end(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
  }
}

let held = null; // the connection whose last picture stands until there is a new one

function letGo() {
  held?.close();
  held = null;
}

// The camera stays open.
async function lost(why = "The connection to the server was lost.") {
  const before = state.session;
  held ??= before.peer;
  before.close();
  showTrained(1);
  stopRecording();
  $("fps").textContent = $("latency").textContent = "–";
  if (tries === PAUSES.length) return end(why);
  say(`${why} Trying again …`, true);
  await new Promise((done) => setTimeout(done, 1000 * PAUSES[tries++]));
  if (state.session === before) state.session = new Session(before.camera);
}

const REASONS = {
  NotAllowedError: "The camera was not allowed. Allow it in the browser's address bar, and start again.",
  NotFoundError: "This device has no camera.",
  NotReadableError: "The camera is in use by another program. Close that, and start again.",
  OverconstrainedError: "The camera has no size of 1280 × 720 or less.",
};

async function openCamera(id) {
  if (!navigator.mediaDevices) {
    throw new Error("browsers give it to pages over HTTPS only; the server takes --certificate");
  }
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  const camera = await navigator.mediaDevices.getUserMedia({ video: { ...CAMERA, ...which } });
  camera.getVideoTracks()[0].onended = () => end("The camera is gone. Connect it, and start again.");
  return camera;
}

function release(camera) {
  for (const track of camera.getTracks()) track.stop();
}

// Not "playing": browsers do not play what is not shown yet.
video.addEventListener("loadeddata", () => {
  if (!state.session) return;
  tries = 0;
  letGo();
  showRunning(true);
  video.play();
  say("");
  offerCameras();
});
video.addEventListener("resize", () => {
  $("frame").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  showSplit(state.look.split);
});

let toScreen = 0; // seconds from a picture's arrival until it is shown, where the browser tells

function onScreen(_, { receiveTime, expectedDisplayTime }) {
  if (receiveTime) toScreen += 0.1 * ((expectedDisplayTime - receiveTime) / 1000 - toScreen);
  video.requestVideoFrameCallback(onScreen);
}
video.requestVideoFrameCallback?.(onScreen);

function showRunning(running) {
  video.hidden = $("figures").hidden = $("actions").hidden = !running;
  $("start").hidden = running;
  $("start").disabled = false;
  showSplit(state.look.split);
  if (running && document.activeElement === document.body) $("stop").focus({ preventScroll: true });
}

function end(why) {
  stopRecording();
  state.session?.close();
  if (state.session) release(state.session.camera);
  state.session = null;
  showTrained(1);
  letGo();
  video.srcObject = null;
  $("cameras").hidden = true;
  showRunning(false);
  showStyle(false);
  say(why, true);
}

$("start").addEventListener("click", start);
$("stop").addEventListener("click", () => { end(""); $("start").focus(); });
addEventListener("pagehide", () => end(""));

async function offerCameras() {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
  const used = state.session?.camera.getVideoTracks()[0].getSettings().deviceId;
  $("cameras").hidden = cameras.length < 2;
  $("camera").replaceChildren(...cameras.map((each, number) => element("option", {
    value: each.deviceId, textContent: each.label || `Camera ${number + 1}`, selected: each.deviceId === used })));
}

$("camera").addEventListener("change", async () => {
  const current = state.session;
  try {
    release(current.camera); // phones open one at a time
    const camera = await openCamera($("camera").value);
    if (state.session !== current) return release(camera); // stopped meanwhile
    current.camera = camera;
    if (!current.closed) await current.peer.getSenders()[0].replaceTrack(camera.getVideoTracks()[0]);
  } catch (error) {
    if (state.session === current) end(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
  }
});
