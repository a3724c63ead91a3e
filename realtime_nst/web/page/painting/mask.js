// Where there are people, with the edges of the picture: realtime_nst/masks/, the guided filter of
// He and Sun 2015. Steadied by what was found before, without following motion.

import { Sheet } from "./pixels.js";
import { blurred } from "./tracking.js";

/** @typedef {import("./networks.js").Networks} Networks */

const WIDTH = 256, HEIGHT = 144;
const HELD = 0.6, SAME = 0.15, OTHER = 0.4; // share that remains; up to and from which change on
const RADIUS = 2, FLAT = 1e-3, CUT = 0.1;

export class PeopleMask {
  #sheet = new Sheet();
  /** @type {Float32Array | null} */ #last = null;

  reset() {
    this.#last = null;
  }

  /**
   * The share of people at each pixel of a picture of that size, 0 to 255.
   * @param {Networks} networks
   * @param {CanvasImageSource} source
   * @param {Uint8Array} rgb the same at the size of the mask
   * @param {number} width
   * @param {number} height
   * @param {boolean} steady
   */
  async find(networks, source, rgb, width, height, steady) {
    const { data } = this.#sheet.read(source, WIDTH, HEIGHT);
    const shares = await networks.people(data), last = this.#last;
    if (steady && last) {
      for (let at = 0; at < shares.length; at++) {
        const change = last[at] - shares[at];
        shares[at] += HELD * Math.min(1, Math.max(0, (OTHER - Math.abs(change)) / (OTHER - SAME))) * change;
      }
    }
    this.#last = Float32Array.from(shares);
    const guide = new Float32Array(WIDTH * HEIGHT);
    for (let at = 0; at < guide.length; at++) {
      guide[at] = (0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]) / 255;
    }
    return enlarged(fitted(shares, guide), rgb, width, height);
  }
}

/**
 * Slope and offset of the guided filter (He et al. 2010, equations 5, 6 and 8).
 * @param {Float32Array} shares
 * @param {Float32Array} guide
 */
function fitted(shares, guide) {
  const mean = (/** @type {Float32Array} */ values) => blurred(values, WIDTH, HEIGHT, RADIUS);
  const meanShares = mean(shares), meanGuide = mean(guide);
  const both = mean(shares.map((each, at) => each * guide[at])), squares = mean(guide.map((each) => each * each));
  const slope = both.map((each, at) => (each - meanShares[at] * meanGuide[at]) / (squares[at] - meanGuide[at] ** 2 + FLAT));
  const offset = mean(slope.map((each, at) => meanShares[at] - each * meanGuide[at]));
  return { slope: mean(slope), offset };
}

/**
 * @param {{ slope: Float32Array, offset: Float32Array }} fit
 * @param {Uint8Array} rgb
 * @param {number} width
 * @param {number} height
 */
function enlarged({ slope, offset }, rgb, width, height) {
  const weights = new Uint8Array(width * height), contrast = 1 / (1 - 2 * CUT);
  for (let y = 0, at = 0; y < height; y++) {
    const top = Math.min(HEIGHT - 1, Math.max(0, ((y + 0.5) * HEIGHT) / height - 0.5));
    const y0 = top | 0, fy = top - y0, below = y0 < HEIGHT - 1 ? WIDTH : 0;
    for (let x = 0; x < width; x++, at++) {
      const left = Math.min(WIDTH - 1, Math.max(0, ((x + 0.5) * WIDTH) / width - 0.5));
      const x0 = left | 0, fx = left - x0, right = x0 < WIDTH - 1 ? 1 : 0, place = y0 * WIDTH + x0;
      const mix = (/** @type {Float32Array} */ v) =>
        (1 - fy) * ((1 - fx) * v[place] + fx * v[place + right]) + fy * ((1 - fx) * v[place + below] + fx * v[place + below + right]);
      const grey = (0.299 * rgb[3 * at] + 0.587 * rgb[3 * at + 1] + 0.114 * rgb[3 * at + 2]) / 255;
      weights[at] = Math.min(255, Math.max(0, 255 * contrast * (mix(slope) * grey + mix(offset) - CUT) + 0.5));
    }
  }
  return weights;
}
