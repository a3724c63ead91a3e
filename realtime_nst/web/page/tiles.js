// The styles as tiles, the viewer's own pictures first.

import { $, element, input } from "./page.js";
import { known, word } from "./words.js";

/** @typedef {import("./settings.js").Store} Store */
/** @typedef {import("./settings.js").Style} Style */

const PAINTING_SIZE = 1024; // pixels of the longer side that is kept of a picture

/**
 * @param {Store} store
 * @param {(file: File) => void} bring called with a picture to paint like
 */
export function showTiles(store, bring) {
  const tiles = $("styles"), { styles, painter } = store.offered;
  const own = styles.filter((style) => style.own);
  const others = styles.filter((style) => !style.own && (store.variants(style.name)[0] ?? style) === style);
  tiles.replaceChildren(...(painter ? [plus()] : []), ...[...own.reverse(), ...others].map((style) => tile(store, style)));
  mark(store);
  if (tiles.dataset.bound) return;
  tiles.dataset.bound = "yes";
  tiles.addEventListener("change", (event) => store.set({ style: /** @type {HTMLInputElement} */ (event.target).value }));
  tiles.addEventListener("click", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest("button")) input("own").click();
  });
  $("own").addEventListener("change", () => {
    const [file] = input("own").files ?? [];
    if (file) bring(file);
    input("own").value = "";
  });
  store.onChange((changed) => "style" in changed && mark(store));
}

/** @param {Store} store */
function mark(store) {
  for (const each of /** @type {NodeListOf<HTMLInputElement>} */ ($("styles").querySelectorAll("input"))) each.checked = each.value === shown(store, store.now.style);
}

/** The style whose tile stands for `name`. @param {Store} store @param {string} name */
function shown(store, name) {
  return store.variants(name)[0]?.name ?? name;
}

/** Which tile waits for its network. @param {Store} store @param {string | null} name */
export function showLoading(store, name) {
  for (const each of /** @type {NodeListOf<HTMLInputElement>} */ ($("styles").querySelectorAll("input"))) {
    each.parentElement?.classList.toggle("loading", name !== null && each.value === shown(store, name));
  }
}

function plus() {
  return element("button", { type: "button", title: word("own_hint") },
    element("span", { className: "blank", textContent: "+" }), element("span", { className: "name", textContent: word("own") }));
}

/**
 * @param {Store} store
 * @param {Style} style
 */
function tile(store, style) {
  const picture = style.own ? URL.createObjectURL(style.own) : style.picture;
  const shown = picture ? element("img", { src: picture, alt: "", loading: "lazy", width: 160, height: 120 })
    : element("span", { className: "blank" });
  return element("label", { title: [style.title, style.artist].filter(Boolean).join(", ") },
    element("input", { type: "radio", name: "style", value: style.name }), shown,
    element("span", { className: "name", textContent: readable(style) }));
}

/** Titles can be long. @param {{ title: string }} style */
export function readable({ title }) {
  return title.split(/ \(|, /)[0];
}

/** The speed class of a style, in words. @param {Style} style */
export function speed({ speed_class }) {
  return known(`speed_${speed_class}`) ? word(`speed_${speed_class}`) : speed_class;
}

/**
 * As JPEG on white, turned upright, small enough to be kept. Throws for what is no picture.
 * @param {Blob} file
 * @returns {Promise<Blob>}
 */
export async function shrunk(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, PAINTING_SIZE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width, height), context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

/** The name of a picture: the same for the same picture, on pages over HTTPS. @param {Blob} blob */
export async function nameOf(blob) {
  if (!crypto.subtle) return `painting-${Date.now()}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return `painting-${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
