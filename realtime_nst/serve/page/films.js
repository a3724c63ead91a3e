// Films that are brought to be painted: sent to the server, watched, fetched.

import { $, element } from "./dom.js";
import { resend } from "./pictures.js";

const KEPT = "realtime-nst films";
const EVERY = 1000; // milliseconds between two looks at how far a film is
const ENDINGS = /\.(mp4|m4v|mov|qt|mkv|webm|avi|mts|m2ts|ts|mpe?g|vob|3gp|wmv|flv|ogv|ogm)$/i;

let limits, look; // look(): what has been changed of the server's

export function isFilm(file) {
  return file.type.startsWith("video/") || ENDINGS.test(file.name);
}

export function offerFilms(offered, changed) {
  [limits, look] = [offered, changed];
  if (!limits.most) return;
  $("films").hidden = false;
  $("films-limit").textContent = `Painted with the settings that are chosen when you send it. Up to ${megabytes(limits.bytes)} and ${limits.minutes} minutes. It goes on if you close the page, and is removed an hour after it is painted.`;
  $("film").addEventListener("change", () => {
    bringFilms([...$("film").files]); // a copy, as the list is emptied with the field
    $("film").value = "";
  });
  for (const key of kept()) watch(row({ name: "" }), key);
}

export async function bringFilms(files) {
  for (const file of files) await bring(file); // one after the other: together they would share the line
}

const megabytes = (bytes) => bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${+(bytes / 1e9).toFixed(1)} GB`;

// ---- one film -------------------------------------------------------------------------------

function row({ name }) {
  const item = element("li", {},
    element("img", { alt: "", hidden: true }),
    element("div", {},
      element("strong", { textContent: name }),
      element("progress", { max: 1, hidden: true }),
      element("p", { role: "status" })),
    element("div", { className: "actions" },
      element("a", { className: "button primary", textContent: "Download", hidden: true }),
      element("button", { type: "button", textContent: "Remove" })));
  const [preview, about, actions] = item.children;
  const [title, bar, state] = about.children, [link, remove] = actions.children;
  $("film-list").append(item);
  return { item, preview, title, bar, state, link, remove, said: "" };
}

function show(shown, { name, text, part = null, wrong = false }) {
  shown.title.textContent = name;
  shown.bar.setAttribute("aria-label", `How far ${name} is`);
  shown.remove.setAttribute("aria-label", `Remove ${name}`);
  shown.bar.hidden = part === null;
  if (part === undefined) shown.bar.removeAttribute("value");
  else if (part !== null) shown.bar.value = part;
  if (text !== shown.said) shown.state.textContent = shown.said = text;
  shown.state.classList.toggle("error", wrong);
}

async function bring(file) {
  const shown = row(file), name = file.name;
  const fail = (text) => show(shown, { name, text, wrong: true });
  let removed = false;
  shown.remove.onclick = () => { removed = true; gone(shown); };
  if (file.size > limits.bytes) return fail(`It has ${megabytes(file.size)}; ${megabytes(limits.bytes)} are the most.`);
  show(shown, { name, text: "Asking for room …", part: undefined });
  try {
    const { key, message } = await announce(file);
    if (!key) return fail(sentence(message, name));
    if (removed) return fetch(`films/${key}`, { method: "DELETE" }).catch(() => {});
    keep([...kept(), key]);
    const refusal = await send(file, key, shown);
    if (refusal !== null) return forget(key), fail(refusal);
    watch(shown, key);
  } catch {
    fail("It could not be sent: the server does not answer.");
  }
}

// A server that was started again has none of the viewer's pictures: they are sent once more.
async function announce(file, again = true) {
  const body = JSON.stringify({ name: file.name, size: file.size, look: look() });
  const answer = await (await fetch("films", { method: "POST", body })).json();
  if (answer.missing?.length && again && await resend(answer.missing)) return announce(file, false);
  return answer;
}

// Browsers tell only of this kind of request how much has been sent. Null, or what went wrong.
function send(file, key, shown) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `films/${key}`);
    request.upload.onprogress = ({ loaded }) => show(shown, { name: file.name,
      text: `Sent ${megabytes(loaded)} of ${megabytes(file.size)}`, part: loaded / file.size });
    request.onload = () => done(request.status === 200 ? null : sentence(messageOf(request.responseText), file.name));
    request.onerror = () => done("The connection was lost while it was sent. Send it again.");
    request.onabort = () => done("");
    shown.remove.onclick = () => { request.abort(); gone(shown); };
    request.send(file);
  });
}

function messageOf(text) {
  try { return JSON.parse(text).message; } catch { return "The server refused it."; }
}

// The name of a file stays as it is.
function sentence(text, name) {
  return (text.startsWith(name) ? text : text[0].toUpperCase() + text.slice(1)) + (text.endsWith(".") ? "" : ".");
}

async function watch(shown, key) {
  let removed = false;
  shown.remove.onclick = async () => {
    removed = true;
    forget(key);
    gone(shown);
    await fetch(`films/${key}`, { method: "DELETE" }).catch(() => {});
  };
  while (!removed) {
    const answer = await fetch(`films/${key}`).catch(() => null);
    if (removed) return;
    if (answer?.status === 404) return forget(key), lost(shown);
    const film = answer?.ok ? await answer.json() : null;
    if (film) tell(shown, film);
    else if (shown.title.textContent) show(shown, { name: shown.title.textContent, text: "The server does not answer. Trying again …", part: undefined });
    if (film && ["done", "failed"].includes(film.state)) return;
    await new Promise((go) => setTimeout(go, EVERY));
  }
}

function tell(shown, film) {
  const { name, key, state } = film;
  if (film.preview && shown.preview.hidden) {
    shown.preview.src = `films/${key}/preview`;
    shown.preview.alt = `One picture of ${name}, painted`;
    shown.preview.hidden = false;
  }
  if (state === "failed") return show(shown, { name, text: `It cannot be painted: ${film.message}.`, wrong: true });
  if (state === "waiting") {
    const text = film.before ? `Waiting for ${film.before === 1 ? "another film" : `${film.before} other films`}` : "Looking at it …";
    return show(shown, { name, text, part: undefined });
  }
  if (state === "painting") {
    const part = film.total ? Math.min(1, film.done / film.total) : undefined;
    const left = film.seconds_left === null ? "" : `, ${duration(film.seconds_left)} left`;
    const text = film.done ? `Painting: ${part === undefined ? `${film.done} frames` : `${Math.floor(100 * part)} %`}${left}` : "Painting …";
    return show(shown, { name, text, part });
  }
  if (state === "done") {
    Object.assign(shown.link, { href: `films/${key}/result`, download: film.result, hidden: false });
    shown.link.setAttribute("aria-label", `Download ${film.result}`);
    show(shown, { name, text: film.message ? `Painted, but ${film.message}.` : "Painted." });
  }
}

function duration(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes >= 1 ? `${minutes} min` : `${rest} s`;
}

function lost(shown) {
  if (!shown.title.textContent) return gone(shown); // of an earlier visit, and removed meanwhile
  show(shown, { name: shown.title.textContent, text: "The server no longer has it. Send it again.", wrong: true });
}

function gone(shown) {
  const held = shown.item.contains(document.activeElement);
  shown.item.remove();
  if (held) $("film").focus();
}

// ---- what outlasts a closed page ------------------------------------------------------------

function keep(keys) {
  try { localStorage.setItem(KEPT, JSON.stringify(keys)); } catch { /* then it is found by this page alone */ }
}

function kept() {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? []; } catch { return []; }
}

function forget(key) {
  keep(kept().filter((each) => each !== key));
}
