// The panel: each control shows one setting, and changes it.

import { $, element, input } from "./page.js";
import { BRUSHES, PLACES } from "./settings.js";
import { readable, speed } from "./tiles.js";
import { word } from "./words.js";

/** @typedef {import("./settings.js").Store} Store */
/** @typedef {import("./settings.js").Settings} Settings */

const CHOICES = /** @type {const} */ (["stabilise", "where", "keep_colour"]);

/** @param {Store} store */
export function bindControls(store) {
  const { choices } = store.offered;
  for (const name of CHOICES) {
    $(name).replaceChildren(...(name === "where" ? PLACES : choices[name]).map((value) =>
      element("label", {}, element("input", { type: "radio", name, value }), element("span", { textContent: word(`${name}_${value}`) }))));
  }
  if ($("settings").dataset.bound) return show(store, store.now);
  $("settings").dataset.bound = "yes";
  for (const name of CHOICES) {
    $(name).addEventListener("change", (event) => store.set({ [name]: /** @type {HTMLInputElement} */ (event.target).value }));
  }
  for (const name of /** @type {const} */ (["strength", "blend_weight"])) {
    $(name).addEventListener("input", () => store.set({ [name]: input(name).valueAsNumber / 100 }));
  }
  for (const name of /** @type {const} */ (["mirror", "microphone"])) {
    $(name).addEventListener("input", () => store.set({ [name]: input(name).checked }));
  }
  $("split").addEventListener("input", () => store.set({ split: input("split").checked ? 0.5 : null }));
  $("brush").addEventListener("input", () => store.set({ brush: BRUSHES[input("brush").valueAsNumber] }));
  $("blend_with").addEventListener("input", () => store.set({ blend_with: input("blend_with").value || null }));
  $("variant").addEventListener("input", () => store.set({ style: input("variant").value }));
  $("settings").addEventListener("submit", (event) => event.preventDefault());
  store.onChange((changed) => show(store, changed));
  show(store, store.now);
}

/**
 * @param {Store} store
 * @param {Partial<Settings>} changed
 */
function show(store, changed) {
  const { now } = store;
  for (const name of CHOICES) {
    for (const each of /** @type {NodeListOf<HTMLInputElement>} */ ($(name).querySelectorAll("input"))) each.checked = each.value === now[name];
  }
  for (const name of /** @type {const} */ (["strength", "blend_weight"])) {
    input(name).valueAsNumber = now[name] * 100;
    $(`${name}-shown`).textContent = word("percent", { number: Math.round(now[name] * 100) });
  }
  const brush = word(`brush_${now.brush}`);
  input("brush").valueAsNumber = BRUSHES.indexOf(now.brush);
  $("brush").setAttribute("aria-valuetext", brush);
  $("brush-shown").textContent = brush;
  input("mirror").checked = now.mirror;
  input("microphone").checked = now.microphone;
  input("split").checked = now.split !== null;
  if ("style" in changed) showVariants(store);
  if ("style" in changed || "blend_with" in changed) showBlend(store);
}

/** @param {Store} store */
function showVariants(store) {
  const all = store.variants(store.now.style);
  $("variant").replaceChildren(...all.map((style) => element("option", { value: style.name, textContent: speed(style) })));
  input("variant").value = store.now.style;
  $("variants").hidden = all.length < 2;
}

/** @param {Store} store */
function showBlend(store) {
  const others = store.partners(store.now.style), { blend_with } = store.now;
  $("blend_with").replaceChildren(element("option", { value: "", textContent: word("nothing") }),
    ...others.map((style) => element("option", { value: style.name, textContent: readable(style) })));
  input("blend_with").value = blend_with ?? "";
  $("blend").hidden = !others.length;
  $("blending").hidden = blend_with === null;
}
