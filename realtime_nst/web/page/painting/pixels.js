// Pictures as arrays: RGBA as canvases have them, RGB as networks take them.

/**
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8Array} rgb
 */
export function toRgb(rgba, rgb) {
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

/**
 * `alpha`, one byte a pixel, is how much is shown; without it all is.
 * @param {Uint8Array} rgb
 * @param {Uint8ClampedArray} rgba
 * @param {Uint8Array | null} alpha
 */
export function toRgba(rgb, rgba, alpha = null) {
  for (let from = 0, to = 0, pixel = 0; from < rgb.length; from += 3, to += 4, pixel++) {
    rgba[to] = rgb[from];
    rgba[to + 1] = rgb[from + 1];
    rgba[to + 2] = rgb[from + 2];
    rgba[to + 3] = alpha ? alpha[pixel] : 255;
  }
  return rgba;
}

/** A canvas that pictures are read from; one is kept for each use, and grows new with a new size. */
export class Sheet {
  /** @type {OffscreenCanvas | null} */ #canvas = null;
  /** @type {OffscreenCanvasRenderingContext2D | null} */ #context = null;

  /**
   * @param {number} width
   * @param {number} height
   */
  at(width, height) {
    if (!this.#canvas || !this.#context || this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas = new OffscreenCanvas(width, height);
      const context = this.#canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("no canvas");
      context.imageSmoothingQuality = "high";
      this.#context = context;
    }
    return { canvas: this.#canvas, context: this.#context };
  }

  /**
   * The pixels of `source` at that size, RGBA.
   * @param {CanvasImageSource} source
   * @param {number} width
   * @param {number} height
   */
  read(source, width, height) {
    const { context } = this.at(width, height);
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  }
}
