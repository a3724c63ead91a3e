// What moves in front of a still background: realtime_nst/masks/moving.py. Deviation: one Gaussian
// for the background of each pixel, and one candidate that replaces it if it stays.

import { Sheet } from "./pixels.js";
import { resized } from "./resize.js";
import { blurred } from "./tracking.js";

const SHORTER = 180; // pixels of the shorter side of what the background is learnt from
const HISTORY = 1000, STAYS = 700; // frames
const DIFFERS = 24, FIRST_SPREAD = 15, LEAST_SPREAD = 4, MOST_SPREAD = 75; // squared deviations
const SPECK = 0.002; // share of the picture below which a moving region is noise
const FADES = 0.75, CLEARS = 0.25; // what remains of the last weights, and where the background shows
const PLAIN = 8; // grey levels from the background
const CLOSED = 3; // pixels that gaps are closed over

export class MovingMask {
  #sheet = new Sheet();
  /** @type {Background | null} */ #background = null;
  /** @type {Float32Array | null} */ #last = null;

  reset() {
    this.#background = this.#last = null;
  }

  /**
   * How much of each pixel of a picture of that size moves, 0 to 255.
   * @param {CanvasImageSource} source
   * @param {number} width
   * @param {number} height
   */
  find(source, width, height) {
    const scale = Math.min(1, SHORTER / Math.min(width, height));
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    const { data } = this.#sheet.read(source, size.width, size.height);
    if (this.#background?.count !== size.width * size.height) this.#background = new Background(data);
    const { moving, plain } = this.#background.learn(data);
    const whole = cleaned(moving, size), near = blurred(plain, size.width, size.height, 2);
    const last = this.#last ?? new Float32Array(whole.length);
    this.#last = whole.map((each, at) => Math.max(each, last[at] * (near[at] < PLAIN ? CLEARS : FADES)));
    const soft = blurred(blurred(this.#last, size.width, size.height, 1), size.width, size.height, 1);
    return resized({ data: Uint8Array.from(soft, (each) => 255 * each), ...size }, { width, height }, "linear").data;
  }
}

class Background {
  #frames = 0;

  /** @param {Uint8ClampedArray} rgba */
  constructor(rgba) {
    this.count = rgba.length / 4;
    this.mean = Float32Array.from(rgba);
    this.spread = new Float32Array(this.count).fill(FIRST_SPREAD);
    this.other = new Float32Array(rgba.length);
    this.seen = new Uint16Array(this.count);
  }

  /**
   * Which pixels are not of the background, and how far each is from it.
   * @param {Uint8ClampedArray} rgba
   */
  learn(rgba) {
    const rate = 1 / Math.min(HISTORY, ++this.#frames);
    const moving = new Float32Array(this.count), plain = new Float32Array(this.count);
    for (let pixel = 0, at = 0; pixel < this.count; pixel++, at += 4) {
      const off = [rgba[at] - this.mean[at], rgba[at + 1] - this.mean[at + 1], rgba[at + 2] - this.mean[at + 2]];
      const squares = off[0] ** 2 + off[1] ** 2 + off[2] ** 2;
      plain[pixel] = (Math.abs(off[0]) + Math.abs(off[1]) + Math.abs(off[2])) / 3;
      if (squares <= DIFFERS * this.spread[pixel]) {
        for (let channel = 0; channel < 3; channel++) this.mean[at + channel] += rate * off[channel];
        const spread = this.spread[pixel] + rate * (squares / 3 - this.spread[pixel]);
        this.spread[pixel] = Math.min(MOST_SPREAD, Math.max(LEAST_SPREAD, spread));
        this.seen[pixel] = Math.max(0, this.seen[pixel] - 1);
      } else {
        moving[pixel] = 1;
        this.#consider(rgba, pixel, at);
      }
    }
    return { moving, plain };
  }

  /**
   * What is no background now may become it.
   * @param {Uint8ClampedArray} rgba
   * @param {number} pixel
   * @param {number} at
   */
  #consider(rgba, pixel, at) {
    let squares = 0;
    for (let channel = 0; channel < 3; channel++) squares += (rgba[at + channel] - this.other[at + channel]) ** 2;
    const same = squares <= DIFFERS * FIRST_SPREAD;
    this.seen[pixel] = same ? this.seen[pixel] + 1 : 0;
    for (let channel = 0; channel < 3; channel++) {
      this.other[at + channel] = same ? 0.95 * this.other[at + channel] + 0.05 * rgba[at + channel] : rgba[at + channel];
      if (this.seen[pixel] > STAYS) this.mean[at + channel] = this.other[at + channel];
    }
    if (this.seen[pixel] > STAYS) this.spread[pixel] = FIRST_SPREAD;
  }
}

/**
 * Without specks, gaps closed and holes filled: 0 or 1.
 * @param {Float32Array} moving
 * @param {{ width: number, height: number }} size
 */
function cleaned(moving, { width, height }) {
  const within = (/** @type {Float32Array} */ values, /** @type {number} */ radius, /** @type {number} */ share) =>
    blurred(values, width, height, radius).map((each) => Number(each > share));
  const calm = within(moving, 2, 0.5);
  const closed = within(within(calm, CLOSED, 1e-3), CLOSED, 1 - 1e-3);
  const filled = closed.slice();
  for (const { pixels, border } of regions(closed, 0, width, height)) if (!border) for (const at of pixels) filled[at] = 1;
  for (const { pixels } of regions(filled, 1, width, height)) {
    if (pixels.length < SPECK * width * height) for (const at of pixels) filled[at] = 0;
  }
  return filled;
}

/**
 * The connected regions of a value, and whether they touch the border.
 * @param {Float32Array} values
 * @param {number} wanted
 * @param {number} width
 * @param {number} height
 */
function regions(values, wanted, width, height) {
  const seen = new Uint8Array(values.length), found = [];
  for (let start = 0; start < values.length; start++) {
    if (seen[start] || values[start] !== wanted) continue;
    const pixels = [start];
    let border = false;
    seen[start] = 1;
    for (let next = 0; next < pixels.length; next++) {
      const at = pixels[next], x = at % width, y = (at - x) / width;
      const edges = [x === 0, x === width - 1, y === 0, y === height - 1];
      [at - 1, at + 1, at - width, at + width].forEach((near, side) => {
        if (edges[side]) border = true;
        else if (!seen[near] && values[near] === wanted) {
          seen[near] = 1;
          pixels.push(near);
        }
      });
    }
    found.push({ pixels, border });
  }
  return found;
}
