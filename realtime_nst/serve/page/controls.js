// The controls of the page, and the styles to choose from.

import { $, element } from "./dom.js";
import { keep } from "./kept.js";
import { BRUSHES, changes, PLACES } from "./look.js";
import { named, state } from "./state.js";

const video = $("video"), divider = $("divider");

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

// ---- what is set ----------------------------------------------------------------------------

export function show(fields) {
  Object.assign(state.look, fields);
  for (const [name, value] of Object.entries(fields)) controls[name].show(value);
  keep("look", changes(state.look, state.begun));
}

export function set(fields) {
  if ("style" in fields) fields.blend_with = partners(fields.style).find(({ name }) => name === state.look.blend_with)?.name ?? null;
  show(fields);
  state.session?.tell();
  if ("blend_with" in fields) showStyle(state.session !== null);
}

// What a style can be blended with: what blends in the same network.
function partners(name) {
  const { blends_in } = named(name);
  return state.offered.styles.filter((style) => blends_in && style.blends_in === blends_in && style.name !== name);
}

function showBlend(name) {
  const others = partners(state.look.style);
  $("blend_with").replaceChildren(element("option", { value: "", textContent: "nothing" }),
    ...others.map((style) => element("option", { value: style.name, textContent: readable(style) })));
  $("blend_with").value = name ?? "";
  $("blend").hidden = !others.length;
  $("blending").hidden = name === null;
}

export function showStyle(loading) {
  const { picture, small, of } = named(state.look.style);
  $("preview").hidden = !picture;
  if (picture) $("preview").src = picture;
  for (const label of $("styles").children) label.classList.toggle("loading", loading && label.firstChild.checked);
  $("training").hidden = !(state.offered.minutes && state.session && (small || of));
  $("train").hidden = !small;
  $("save-style").hidden = !of;
}

// ---- painting and camera side by side -------------------------------------------------------

export function showSplit(at) {
  $("split").checked = at !== null;
  divider.hidden = at === null || video.hidden;
  if (at === null) return;
  const shown = pictureArea();
  divider.style.left = `${shown.left + at * shown.width}px`;
  divider.setAttribute("aria-valuenow", Math.round(at * 100));
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

divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
divider.addEventListener("pointermove", (event) => {
  if (divider.hasPointerCapture(event.pointerId)) moveSplit(event.clientX);
});
divider.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  set({ split: Math.min(1, Math.max(0, state.look.split + by)) });
});
new ResizeObserver(() => state.begun && showSplit(state.look.split)).observe($("frame"));

// ---- what there is to choose ----------------------------------------------------------------

for (const name of ["strength", "brush", "mirror", "split", "blend_with", "blend_weight"]) {
  $(name).addEventListener("input", () => set({ [name]: controls[name].read() }));
}
export const CHOICES = ["where", "keep_colour", "stabilise"];
for (const [name, place] of [["style", "styles"], ...CHOICES.map((each) => [each, each])]) {
  $(place).addEventListener("change", () => set({ [name]: controls[name].read() }));
}
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());

export function offerChoices() {
  $("styles").append(...state.offered.styles.map(tile));
  for (const setting of CHOICES) {
    for (const value of setting === "where" ? Object.keys(PLACES) : state.offered.choices[setting]) {
      $(setting).append(element("label", {},
        element("input", { type: "radio", name: setting, value }), LABELS[value]));
    }
  }
}

export function tile(style) {
  const picture = style.picture
    ? element("img", { src: style.picture, alt: "", loading: "lazy" })
    : element("div", { className: "blank" });
  const input = element("input", { type: "radio", name: "style", value: style.name });
  return element("label", { title: [style.title, style.artist].filter(Boolean).join(", ") }, input, picture,
    element("span", { textContent: readable(style) }));
}

// Titles can be long, and some paintings are there in several speed classes.
function readable({ name, title, speed_class }) {
  const first = state.offered.styles.find((style) => style.title === title);
  return title.split(/ \(|, /)[0] + (first.name === name || !speed_class ? "" : `, ${speed_class}`);
}
