// Shows a painting over its source: strength, the source's colours, split view, mirror.

/** @typedef {import("./painter.js").Look} Look */
/** @typedef {{ mirror: boolean, split: number | null }} View */

export class Display {
  #context;

  /** @param {OffscreenCanvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("no canvas");
    this.#context = context;
  }

  /**
   * @param {CanvasImageSource} source
   * @param {CanvasImageSource | null} painting null shows the source alone
   * @param {number} width of the source
   * @param {number} height
   * @param {Look} look
   * @param {View} view
   */
  show(source, painting, width, height, look, view) {
    const context = this.#context;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    context.imageSmoothingQuality = "high";
    context.setTransform(view.mirror ? -1 : 1, 0, 0, 1, view.mirror ? width : 0, 0);
    context.drawImage(source, 0, 0, width, height);
    if (!painting) return;
    context.save();
    if (view.split !== null) {
      const left = Math.round(view.split * width);
      context.beginPath(); // what is left of the line on the screen lies right of it in the mirror
      context.rect(view.mirror ? 0 : left, 0, width - left, height);
      context.clip();
    }
    context.globalAlpha = look.strength;
    if (look.keep_colour === "luminance") context.globalCompositeOperation = "luminosity";
    context.drawImage(painting, 0, 0, width, height);
    context.restore();
  }
}
