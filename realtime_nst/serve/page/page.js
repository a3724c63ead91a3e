// The beginning: what the server offers, and the settings of before.

import { CHOICES, offerChoices, show, showStyle } from "./controls.js";
import { $, say } from "./dom.js";
import { bringFilms, isFilm, offerFilms } from "./films.js";
import { asPicture, kept } from "./kept.js";
import { asLook, BRUSHES, changes, PLACES, settings } from "./look.js";
import { bring, offerBrought, offerOwn } from "./pictures.js";
import { named, state } from "./state.js";
import "./recording.js";
import "./session.js";

// Settings that no longer exist are left out.
function restore() {
  const all = kept();
  for (const [name, value] of all) {
    if (state.offered.paintings && name.startsWith("picture ")) offerBrought({ ...value, small: asPicture(value.data) });
  }
  const before = Object.fromEntries(all).look ?? {};
  const gone = [before.style, before.blend_with].some((name) => name && !named(name));
  if (gone) delete before.style, delete before.blend_with;
  for (const name of CHOICES) {
    const known = name === "where" ? Object.keys(PLACES) : state.offered.choices[name];
    if (!known.includes(before[name])) delete before[name];
  }
  if (!(before.brush in BRUSHES)) delete before.brush;
  show({ ...state.begun, ...before });
  if (gone) say("The picture that you painted like is no longer here; choose one.", true);
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
    if (films.length && state.offered.films.most) bringFilms(films);
    else if (state.offered.paintings) bring(files[0]);
  });
}

// The page that paints in this browser takes up the settings of this one.
$("here").addEventListener("click", () => { $("here").href = `here/#${encodeURIComponent(JSON.stringify(state.look))}`; });

try {
  const offered = state.offered = await (await fetch("styles")).json();
  state.latest = offered.look;
  offerChoices();
  if (offered.paintings) offerOwn();
  state.begun = settings(offered.look, offered.view);
  restore();
  showStyle(false);
  takeDrops();
  $("here").hidden = !offered.here;
  offerFilms(offered.films, () => changes(asLook(state.look), offered.look));
} catch {
  $("start").hidden = true;
  say("The server does not answer. Reload the page.", true);
}
