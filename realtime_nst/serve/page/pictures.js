// Pictures of the viewer's own: painted like, and trained to be styles.

import { $, element, save, say } from "./dom.js";
import { asText, keep } from "./kept.js";
import { set, tile } from "./controls.js";
import { named, state } from "./state.js";

export function offerOwn() {
  const input = element("input", { id: "own", type: "file", accept: "image/*" });
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    bring(input.files[0]);
    input.value = "";
  });
  $("styles").append(element("label", { title: "Or drop a picture anywhere on the page" }, input,
    element("div", { className: "blank", textContent: "+" }), element("span", { textContent: "Paint like my picture" })));
}

export async function bring(file) {
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
  state.session.send({ type: "train", style: state.look.style });
  showTrained(0);
  say(`Your style is being trained, which takes ${state.offered.minutes} minutes or more; it paints better as it learns.`);
});

export function showTrained(done) {
  $("train").disabled = done < 1;
  $("trained").hidden = done >= 1;
  $("trained").value = done;
}

export function learned({ of, done, style: name, message: why }) {
  showTrained(done);
  if (why) say(`Your style was not trained: ${why}`, true);
  else if (done === 1) say("Your style is trained.");
  if (!name || !named(of)) return;
  const before = state.offered.styles.find((style) => style.of === of);
  const worn = [of, before?.name].includes(state.look.style);
  if (before) {
    $("styles").querySelector(`input[value="${before.name}"]`).value = name;
    before.name = name;
  } else {
    const style = { ...named(of), name, of, blends_in: "", small: null, title: `my ${named(of).title}` };
    state.offered.styles.push(style);
    $("own").parentElement.before(tile(style));
  }
  if (worn) set({ style: name });
}

$("save-style").addEventListener("click", async () => {
  const { name, title } = named(state.look.style), answer = await fetch(`trained/${name}`);
  if (answer.ok) save(await answer.blob(), `${title}.onnx`);
  else say("The server no longer has this style.", true);
});

async function send(small) {
  return (await fetch("paintings", { method: "POST", body: small })).json();
}

// Whether all pictures of those names are here to be sent once more.
export async function resend(missing) {
  const pictures = missing.map((name) => named(name)?.small);
  if (!pictures.every(Boolean)) return false;
  for (const small of pictures) await send(small);
  return true;
}

export function offerBrought({ name, blends_in, title, small }) {
  const style = { name, blends_in, title, artist: "", picture: URL.createObjectURL(small), small };
  state.offered.styles.push(style);
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
