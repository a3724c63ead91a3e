// Files dropped on the page: one half of the picture paints them, the other paints like them.

import { $ } from "./page.js";

/**
 * @param {(file: File) => void} paint
 * @param {(file: File) => void} style
 */
export function takeDrops(paint, style) {
  let within = 0;
  const show = (/** @type {boolean} */ shown) => { $("drop").hidden = !shown; };
  const zone = (/** @type {DragEvent} */ event) => /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target)?.closest?.("[data-zone]"));
  addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    within++;
    show(true);
  });
  addEventListener("dragleave", () => {
    within = Math.max(0, within - 1);
    if (!within) show(false);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-zone]"))) each.classList.toggle("over", each === zone(event));
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    within = 0;
    show(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    const asStyle = !file.type.startsWith("video/") && zone(event)?.dataset.zone !== "paint";
    (asStyle ? style : paint)(file);
  });
}
