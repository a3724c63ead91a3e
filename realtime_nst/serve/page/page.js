// The camera to the server over WebRTC, the painting back; settings and figures over a web socket.

import { bringFilms, isFilm, offerFilms } from "./films.js";

const $ = (id) => document.getElementById(id);
const video = $("video"), message = $("message");
const CAMERA = { width: { ideal: 640, max: 1280 }, height: { ideal: 480, max: 1280 }, frameRate: { ideal: 30, max: 30 } };
const KILOBITS = 3000;
const PAUSES = [1, 2, 4, 8, ...Array(20).fill(15)]; // seconds between tries to connect again: five minutes

const RESENT = 5; // times that a picture is sent again before the server is believed

let offered, begun, look, latest, session = null, tries = 0; // begun: what a look begins with; latest: the one applied last

// ---- settings -------------------------------------------------------------------------------

const controls = {
  strength: slider("strength"),
  brush: { read: () => Object.keys(BRUSHES)[$("brush").valueAsNumber], show: showBrush },
  mirror: checkbox("mirror"),
  split: { read: () => $("split").checked ? 0.5 : null, show: showSplit },
  style: radio("styles"),
  blend_with: { read: () => $("blend_with").value || null, show: showBlend },
  blend_weight: slider("blend_weight"),
  where: radio("where"),
  stabilise: radio("stabilise"),
  keep_colour: radio("keep_colour"),
};
const LABELS = {
  none: "Painting", luminance: "Camera", matched: "Matched", off: "Off", light: "Light", strong: "Strong",
  everywhere: "Everything", person: "People", background: "Background", moving: "What moves", still: "What is still",
};

function slider(id) {
  return { read: () => $(id).valueAsNumber / 100, show: (value) => {
    $(id).value = value * 100;
    $(`${id}-shown`).value = `${Math.round(value * 100)} %`;
  } };
}

// From the smallest strokes to the largest. A server may begin with others: these are said as they are.
const BRUSHES = { "0.5": "very fine", "0.7": "fine", auto: "medium", "1.4": "broad", bold: "bold" };

function showBrush(value) {
  const size = (brush) => ({ fine: 0, auto: 1, bold: 2 })[brush] ?? Number(brush);
  const word = BRUSHES[value] ?? (value === "fine" ? "as trained" : `${value} × medium`);
  $("brush").value = Object.keys(BRUSHES).filter((each) => size(each) < size(value)).length;
  $("brush").setAttribute("aria-valuetext", word);
  $("brush-shown").value = word;
}

function checkbox(id) {
  return { read: () => $(id).checked, show: (value) => { $(id).checked = value; } };
}

function radio(place) {
  const chosen = () => $(place).querySelector("input:checked");
  return {
    read: () => chosen()?.value,
    show: (value) => { for (const each of $(place).querySelectorAll("input")) each.checked = each.value === value; },
  };
}

// The page's settings, and the look and view of the server that they stand for. Only what has been
// changed here is sent; all else stays as it is.
const PLACES = {
  everywhere: {}, person: { mask: "person" }, background: { mask: "background" },
  moving: { mask: "moving" }, still: { mask: "moving", invert_mask: true },
};

function asLook({ style, blend_with, blend_weight, where, strength, brush, stabilise, keep_colour }) {
  return {
    style: blend_with === null ? style
      : [{ name: style, weight: 1 - blend_weight }, { name: blend_with, weight: blend_weight }],
    strength, brush, stabilise, keep_colour,
    ...(where === null ? {} : { mask: "", mask_model: "", rest: "", invert_mask: false, ...PLACES[where] }),
  };
}

function changes(now, before) {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(before[name])));
}

function asView({ mirror, split }) {
  return { mirror, split };
}

function settings({ style, mask, mask_model, rest, invert_mask, strength, brush, stabilise, keep_colour }, { mirror, split }) {
  const [first, second] = Array.isArray(style) ? style : [{ name: style }];
  return {
    style: first.name, blend_with: second?.name ?? null, blend_weight: second?.weight ?? look.blend_weight ?? 0.5,
    where: mask_model || rest ? null : place(mask, invert_mask),
    strength, brush, stabilise, keep_colour, mirror, split,
  };
}

function place(mask, invert_mask) {
  return Object.keys(PLACES).find((name) =>
    (PLACES[name].mask ?? "") === mask && (PLACES[name].invert_mask ?? false) === invert_mask) ?? null;
}

function show(fields) {
  Object.assign(look, fields);
  for (const [name, value] of Object.entries(fields)) controls[name].show(value);
  keep("look", changes(look, begun));
}

function set(fields) {
  if ("style" in fields) fields.blend_with = partners(fields.style).find(({ name }) => name === look.blend_with)?.name ?? null;
  show(fields);
  session?.tell();
  if ("blend_with" in fields) showStyle(session !== null);
}

function named(name) {
  return offered.styles.find((style) => style.name === name);
}

// What a style can be blended with: what blends in the same network.
function partners(name) {
  const { blends_in } = named(name);
  return offered.styles.filter((style) => blends_in && style.blends_in === blends_in && style.name !== name);
}

function showBlend(name) {
  const others = partners(look.style);
  $("blend_with").replaceChildren(element("option", { value: "", textContent: "nothing" }),
    ...others.map((style) => element("option", { value: style.name, textContent: readable(style) })));
  $("blend_with").value = name ?? "";
  $("blend").hidden = !others.length;
  $("blending").hidden = name === null;
}

function showStyle(loading) {
  const { picture, small, of } = named(look.style);
  $("preview").hidden = !picture;
  if (picture) $("preview").src = picture;
  for (const label of $("styles").children) label.classList.toggle("loading", loading && label.firstChild.checked);
  $("training").hidden = !(offered.minutes && session && (small || of));
  $("train").hidden = !small;
  $("save-style").hidden = !of;
}

function showSplit(at) {
  $("split").checked = at !== null;
  $("divider").hidden = at === null || video.hidden;
  if (at === null) return;
  const shown = pictureArea();
  $("divider").style.left = `${shown.left + at * shown.width}px`;
  $("divider").setAttribute("aria-valuenow", Math.round(at * 100));
}

// Where the picture lies in its frame: there may be bars beside it.
function pictureArea() {
  const { clientWidth, clientHeight } = $("frame");
  const scale = Math.min(clientWidth / (video.videoWidth || clientWidth), clientHeight / (video.videoHeight || clientHeight));
  const width = (video.videoWidth || clientWidth) * scale;
  return { left: (clientWidth - width) / 2, width };
}

function moveSplit(x) {
  const area = pictureArea();
  const at = (x - $("frame").getBoundingClientRect().left - area.left) / area.width;
  set({ split: Math.min(1, Math.max(0, at)) });
}

const divider = $("divider");
divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
divider.addEventListener("pointermove", (event) => {
  if (divider.hasPointerCapture(event.pointerId)) moveSplit(event.clientX);
});
divider.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  set({ split: Math.min(1, Math.max(0, look.split + by)) });
});
new ResizeObserver(() => look && showSplit(look.split)).observe($("frame"));

for (const name of ["strength", "brush", "mirror", "split", "blend_with", "blend_weight"]) {
  $(name).addEventListener("input", () => set({ [name]: controls[name].read() }));
}
const CHOICES = ["where", "keep_colour", "stabilise"];
for (const [name, place] of [["style", "styles"], ...CHOICES.map((each) => [each, each])]) {
  $(place).addEventListener("change", () => set({ [name]: controls[name].read() }));
}
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());

function element(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

function offerChoices() {
  $("styles").append(...offered.styles.map(tile));
  if (offered.paintings) offerOwn();
  for (const setting of CHOICES) {
    for (const value of setting === "where" ? Object.keys(PLACES) : offered.choices[setting]) {
      $(setting).append(element("label", {},
        element("input", { type: "radio", name: setting, value }), LABELS[value]));
    }
  }
}

function tile(style) {
  const picture = style.picture
    ? element("img", { src: style.picture, alt: "", loading: "lazy" })
    : element("div", { className: "blank" });
  const input = element("input", { type: "radio", name: "style", value: style.name });
  return element("label", { title: [style.title, style.artist].filter(Boolean).join(", ") }, input, picture,
    element("span", { textContent: readable(style) }));
}

// Titles can be long, and some paintings are there in several speed classes.
function readable({ name, title, speed_class }) {
  const first = offered.styles.find((style) => style.title === title);
  return title.split(/ \(|, /)[0] + (first.name === name || !speed_class ? "" : `, ${speed_class}`);
}

// ---- a picture of the viewer's own ----------------------------------------------------------

function offerOwn() {
  const input = element("input", { id: "own", type: "file", accept: "image/*" });
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    bring(input.files[0]);
    input.value = "";
  });
  $("styles").append(element("label", { title: "Or drop a picture anywhere on the page" }, input,
    element("div", { className: "blank", textContent: "+" }), element("span", { textContent: "Paint like my picture" })));
}

// A picture is painted like, films are painted.
function takeDrops() {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.toggle("dropping", kind === "dragover");
    });
  }
  document.addEventListener("drop", ({ dataTransfer }) => {
    const files = [...dataTransfer.files], films = files.filter(isFilm);
    if (films.length && offered.films.most) bringFilms(films);
    else if (offered.paintings) bring(files[0]);
  });
}

async function bring(file) {
  if (!file) return;
  say(`Looking at ${file.name} …`);
  let small;
  try {
    small = await shrunk(file);
  } catch {
    return say(`${file.name} is no picture that this browser can read.`, true);
  }
  try {
    const { name, blends_in, message: why } = await send(small);
    if (!name) return say(`${file.name} cannot be used: ${why}`, true);
    const title = file.name.replace(/\.[^.]*$/, "");
    if (!named(name)) offerBrought({ name, blends_in, title, small });
    keep(`picture ${name}`, { name, blends_in, title, data: await asText(small) });
    set({ style: name });
    say("");
  } catch {
    say(`${file.name} could not be sent: the server does not answer.`, true);
  }
}

// The server trains a network for the picture, and names each version that is better than the last.
$("train").addEventListener("click", () => {
  session.send({ type: "train", style: look.style });
  showTrained(0);
  say(`Your style is being trained, which takes ${offered.minutes} minutes or more; it paints better as it learns.`);
});

function showTrained(done) {
  $("train").disabled = done < 1;
  $("trained").hidden = done >= 1;
  $("trained").value = done;
}

function learned({ of, done, style: name, message: why }) {
  showTrained(done);
  if (why) say(`Your style was not trained: ${why}`, true);
  else if (done === 1) say("Your style is trained.");
  if (!name || !named(of)) return;
  const before = offered.styles.find((style) => style.of === of);
  const worn = [of, before?.name].includes(look.style);
  if (before) {
    $("styles").querySelector(`input[value="${before.name}"]`).value = name;
    before.name = name;
  } else {
    const style = { ...named(of), name, of, blends_in: "", small: null, title: `my ${named(of).title}` };
    offered.styles.push(style);
    $("own").parentElement.before(tile(style));
  }
  if (worn) set({ style: name });
}

$("save-style").addEventListener("click", async () => {
  const { name, title } = named(look.style), answer = await fetch(`trained/${name}`);
  if (answer.ok) save(await answer.blob(), "onnx", `${title}.onnx`);
  else say("The server no longer has this style.", true);
});

async function send(small) {
  return (await fetch("paintings", { method: "POST", body: small })).json();
}

// Whether all pictures of those names are here to be sent once more.
async function resend(missing) {
  const pictures = missing.map((name) => named(name)?.small);
  if (!pictures.every(Boolean)) return false;
  for (const small of pictures) await send(small);
  return true;
}

function offerBrought({ name, blends_in, title, small }) {
  const style = { name, blends_in, title, artist: "", picture: URL.createObjectURL(small), small };
  offered.styles.push(style);
  $("own").parentElement.before(tile(style));
}

const PAINTING_SIZE = 1024;

// As JPEG on white, turned upright, the longer side at most PAINTING_SIZE pixels.
async function shrunk(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, PAINTING_SIZE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = element("canvas", { width, height }), context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

// ---- what outlasts a reload -----------------------------------------------------------------

const KEPT = "realtime-nst ";

function keep(name, value) {
  try {
    sessionStorage.setItem(KEPT + name, JSON.stringify(value));
  } catch { /* there is no room, or the browser forbids it: then it is lost */ }
}

function kept() {
  try {
    return Object.entries(sessionStorage).filter(([name]) => name.startsWith(KEPT))
      .map(([name, text]) => [name.slice(KEPT.length), JSON.parse(text)]);
  } catch {
    return [];
  }
}

// Settings that no longer exist are left out.
function restore() {
  const all = kept();
  for (const [name, value] of all) {
    if (offered.paintings && name.startsWith("picture ")) offerBrought({ ...value, small: asPicture(value.data) });
  }
  const before = Object.fromEntries(all).look ?? {};
  const gone = [before.style, before.blend_with].some((name) => name && !named(name));
  if (gone) delete before.style, delete before.blend_with;
  for (const name of CHOICES) {
    const known = name === "where" ? Object.keys(PLACES) : offered.choices[name];
    if (!known.includes(before[name])) delete before[name];
  }
  if (!(before.brush in BRUSHES)) delete before.brush;
  show({ ...begun, ...before });
  if (gone) say("The picture that you painted like is no longer here; choose one.", true);
}

async function asText(picture) {
  return btoa(Array.from(new Uint8Array(await picture.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
}

function asPicture(text) {
  return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}

// ---- the session ----------------------------------------------------------------------------

class Session {
  constructor(camera) {
    this.camera = camera;
    this.peer = new RTCPeerConnection({ iceServers: offered.ice_servers });
    this.peer.addTransceiver(camera.getVideoTracks()[0], { direction: "sendrecv", streams: [camera] });
    this.peer.ontrack = ({ receiver, track }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      video.srcObject = new MediaStream([track]);
    };
    this.socket = new WebSocket(Object.assign(new URL("session", location), { protocol: location.protocol.replace("http", "ws") }));
    this.socket.onopen = () => this.offer().catch((error) => this.fail(error));
    this.socket.onmessage = ({ data }) => this.told(JSON.parse(data)).catch((error) => this.fail(error));
    this.socket.onclose = () => lost();
    this.peer.onconnectionstatechange = () => this.peer.connectionState === "failed" && lost();
    this.before = {};
    this.resent = 0; // how often pictures were sent again for one look
    this.sent = { ...offered.look }; // what the server begins a session with
  }

  send(fields) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(fields));
  }

  tell() {
    this.send({ type: "look", look: changes(asLook(look), this.sent), view: asView(look) });
    Object.assign(this.sent, asLook(look));
  }

  async offer() {
    this.tell();
    await this.peer.setLocalDescription();
    if (this.peer.iceGatheringState !== "complete") {
      await new Promise((done) => this.peer.addEventListener("icegatheringstatechange",
        () => this.peer.iceGatheringState === "complete" && done()));
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
    latest = this.sent = held;
    if (await this.sentAgain(missing)) return this.tell();
    show(settings(held, view));
    showStyle(false);
    say(message, true);
  }

  // A server that was started again has none of the pictures, and one that has many forgets some.
  async sentAgain(missing) {
    return missing.length > 0 && ++this.resent <= RESENT && resend(missing);
  }

  worn({ look: worn, view }) {
    latest = worn;
    this.resent = 0;
    if (settings(worn, view).style === look.style) showStyle(false);
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
    session = new Session(camera);
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
  const before = session;
  held ??= before.peer;
  before.close();
  showTrained(1);
  recorder?.stop();
  $("fps").textContent = $("latency").textContent = "–";
  if (tries === PAUSES.length) return end(why);
  say(`${why} Trying again …`, true);
  await new Promise((done) => setTimeout(done, 1000 * PAUSES[tries++]));
  if (session === before) session = new Session(before.camera);
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
  if (!session) return;
  tries = 0;
  letGo();
  showRunning(true);
  video.play();
  say("");
  offerCameras();
});
video.addEventListener("resize", () => {
  $("frame").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  showSplit(look.split);
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
  showSplit(look.split);
  if (running && document.activeElement === document.body) $("stop").focus({ preventScroll: true });
}

function end(why) {
  recorder?.stop();
  session?.close();
  if (session) release(session.camera);
  session = null;
  showTrained(1);
  letGo();
  video.srcObject = null;
  $("cameras").hidden = true;
  showRunning(false);
  showStyle(false);
  say(why, true);
}

function say(text, wrong = false) {
  message.textContent = text;
  message.classList.toggle("error", wrong && text !== "");
}

$("start").addEventListener("click", start);
$("stop").addEventListener("click", () => { end(""); $("start").focus(); });
addEventListener("pagehide", () => end(""));

async function offerCameras() {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
  const used = session?.camera.getVideoTracks()[0].getSettings().deviceId;
  $("cameras").hidden = cameras.length < 2;
  $("camera").replaceChildren(...cameras.map((each, number) => element("option", {
    value: each.deviceId, textContent: each.label || `Camera ${number + 1}`, selected: each.deviceId === used })));
}

$("camera").addEventListener("change", async () => {
  const current = session;
  try {
    release(current.camera); // phones open one at a time
    const camera = await openCamera($("camera").value);
    if (session !== current) return release(camera); // stopped meanwhile
    current.camera = camera;
    if (!current.closed) await current.peer.getSenders()[0].replaceTrack(camera.getVideoTracks()[0]);
  } catch (error) {
    if (session === current) end(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
  }
});

// ---- snapshot, recording, full screen -------------------------------------------------------

let recorder = null;

function save(blob, kind, name = `${look.style}-${new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-")}.${kind}`) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  if (!message.classList.contains("error")) say(`Saved ${link.download}`);
}

$("snapshot").addEventListener("click", () => {
  const canvas = element("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => save(blob, "png"), "image/png");
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
    save(new Blob(parts, { type: kind }), kind.slice(6));
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
  const preset = { version: 1, look: { ...latest, ...asLook(look) }, view: asView(look) };
  save(new Blob([JSON.stringify(preset, null, 2)], { type: "application/json" }), "json", "look.json");
  const own = [look.style, look.blend_with].map(named).find((style) => style?.small || style?.of);
  if (own) say(`Saved look.json, without your picture “${own.title}”: give that beside it, as --style PICTURE.`);
});

$("full").hidden = !document.fullscreenEnabled;
$("full").addEventListener("click", () => $("frame").requestFullscreen());

// The page that paints in this browser takes up the settings of this one.
$("here").addEventListener("click", () => { $("here").href = `here/#${encodeURIComponent(JSON.stringify(look))}`; });

// ---- beginning ------------------------------------------------------------------------------

try {
  offered = await (await fetch("styles")).json();
  look = {}, latest = offered.look;
  offerChoices();
  begun = settings(offered.look, offered.view);
  restore();
  showStyle(false);
  takeDrops();
  $("here").hidden = !offered.here;
  offerFilms(offered.films, { element, resend, look: () => changes(asLook(look), offered.look) });
} catch {
  $("start").hidden = true;
  say("The server does not answer. Reload the page.", true);
}
