// Snapshots, recordings, the look as a file, full screen.

import { $, element, save, say } from "./dom.js";
import { asLook, asView } from "./look.js";
import { named, state } from "./state.js";

const video = $("video");

let recorder = null;

export function stopRecording() {
  recorder?.stop();
}

// A name by style and time.
function stamped(kind) {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return `${state.look.style}-${time}.${kind}`;
}

$("snapshot").addEventListener("click", () => {
  const canvas = element("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => save(blob, stamped("png")), "image/png");
});

$("record").addEventListener("click", () => {
  if (recorder) return recorder.stop();
  const kind = ["video/webm", "video/mp4"].find((each) => window.MediaRecorder?.isTypeSupported(each));
  if (!kind) return say("This browser cannot record.", true);
  const parts = [];
  recorder = new MediaRecorder(video.srcObject, { mimeType: kind, videoBitsPerSecond: 5_000_000 });
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    recorder = null;
    showRecording(false);
    save(new Blob(parts, { type: kind }), stamped(kind.slice(6)));
  };
  recorder.start(1000);
  showRecording(true);
});

function showRecording(running) {
  $("record").setAttribute("aria-pressed", running);
  $("record").textContent = running ? "Stop recording" : "Record";
}

// A preset: the commands take it with --look.
$("save-look").addEventListener("click", () => {
  const preset = { version: 1, look: { ...state.latest, ...asLook(state.look) }, view: asView(state.look) };
  save(new Blob([JSON.stringify(preset, null, 2)], { type: "application/json" }), "look.json");
  const own = [state.look.style, state.look.blend_with].map(named).find((style) => style?.small || style?.of);
  if (own) say(`Saved look.json, without your picture “${own.title}”: give that beside it, as --style PICTURE.`);
});

$("full").hidden = !document.fullscreenEnabled;
$("full").addEventListener("click", () => $("frame").requestFullscreen());
