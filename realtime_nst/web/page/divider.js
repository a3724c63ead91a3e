// The line between source and painting, moved by hand or keys.

import { $ } from "./page.js";

/** @typedef {import("./settings.js").Store} Store */

/** Where the picture lies in its frame: there may be bars beside it. */
function area() {
  const frame = $("frame"), canvas = /** @type {HTMLCanvasElement} */ ($("picture"));
  const { clientWidth, clientHeight } = frame;
  const scale = Math.min(clientWidth / canvas.width, clientHeight / canvas.height);
  const width = canvas.width * scale;
  return { left: (clientWidth - width) / 2, width };
}

/** @param {Store} store */
export function bindDivider(store) {
  const divider = $("divider");
  const move = (/** @type {number} */ at) => store.set({ split: Math.min(1, Math.max(0, at)) });
  divider.addEventListener("pointerdown", ({ pointerId }) => divider.setPointerCapture(pointerId));
  divider.addEventListener("pointermove", ({ pointerId, clientX }) => {
    if (!divider.hasPointerCapture(pointerId)) return;
    const { left, width } = area();
    move((clientX - $("frame").getBoundingClientRect().left - left) / width);
  });
  divider.addEventListener("keydown", (event) => {
    const by = /** @type {Record<string, number>} */ ({ ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 })[event.key];
    if (by === undefined || store.now.split === null) return;
    event.preventDefault();
    move(store.now.split + by);
  });
  new ResizeObserver(() => showDivider(store)).observe($("frame"));
}

/** @param {Store} store */
export function showDivider({ now: { split } }) {
  const divider = $("divider");
  divider.hidden = split === null || $("picture").hidden;
  if (split === null || divider.hidden) return;
  const { left, width } = area();
  divider.style.left = `${left + split * width}px`;
  divider.setAttribute("aria-valuenow", String(Math.round(split * 100)));
}
