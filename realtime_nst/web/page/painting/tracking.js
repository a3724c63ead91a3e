// The motion from one source picture to the next and how far it can be trusted, on a small grid of
// about 120 lines: realtime_nst/motion/tracking.py, with the same constants.

import { FlowSearch, PRESETS, Pyramid, sample } from "./flow.js";
import { similarity } from "./similarity.js";

const SHORT_SIDE = 120, LARGEST_FACTOR = 6;
const STILL = 0.2, STILL_SHARE = 1.2;
const TEXTURE = 4, APART = 4, PLACES = 24, MISSED = 0.6, CLEARER = 0.95;
const FITS = 12, DIFFERS = 24;
const MISS = 6, MISS_SHARE = 0.5;
const CUT_DIFFERS = 14, CUT_BELIEVED = 0.5;

/**
 * On a grid of `width` x `height`, each of whose pixels covers `factor` x `factor` of the picture:
 * `flow` in pixels of the picture, x then y; `trust` and `still` from 0 to 1.
 * @typedef {{ width: number, height: number, factor: number, flow: Float32Array, trust: Float32Array, still: Float32Array }} Motion
 */

export class Tracker {
  #forward = new FlowSearch(PRESETS.forward);
  #backward = new FlowSearch(PRESETS.backward);
  /** @type {Pyramid | null} */ #last = null;
  #size = "";

  reset() {
    this.#last = null;
  }

  /**
   * The motion since the picture before; null without one, at a cut and at a change of size.
   * @param {Uint8Array} rgb
   * @param {number} width
   * @param {number} height
   * @returns {Motion | null}
   */
  follow(rgb, width, height) {
    const factor = Math.min(LARGEST_FACTOR, Math.max(1, Math.floor(Math.min(width, height) / SHORT_SIDE)));
    const small = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
    const now = new Pyramid(shrunk(rgb, width, height, factor, small), small.width, small.height);
    const last = this.#last, size = `${width} ${height}`;
    const same = size === this.#size;
    [this.#last, this.#size] = [now, size];
    if (!last || !same) return null;
    return judged(last, now, this.#forward.search(now, last), this.#backward.search(last, now), factor);
  }
}

/**
 * Grey, by area.
 * @param {Uint8Array} rgb
 * @param {number} width
 * @param {number} height
 * @param {number} factor
 * @param {{ width: number, height: number }} small
 */
function shrunk(rgb, width, height, factor, small) {
  const grey = new Float32Array(small.width * small.height), counts = new Uint8Array(grey.length);
  for (let y = 0, from = 0; y < height; y++) {
    const row = Math.floor(y / factor) * small.width;
    for (let x = 0, column = 0, within = 0; x < width; x++, from += 3) {
      grey[row + column] += 0.299 * rgb[from] + 0.587 * rgb[from + 1] + 0.114 * rgb[from + 2];
      counts[row + column]++;
      if (++within === factor) (within = 0), column++;
    }
  }
  for (let place = 0; place < grey.length; place++) grey[place] /= counts[place];
  return grey;
}

/**
 * @param {Pyramid} last
 * @param {Pyramid} now
 * @param {Float32Array} flow
 * @param {Float32Array} back
 * @param {number} factor
 * @returns {Motion | null}
 */
function judged(last, now, flow, back, factor) {
  const { width, height, grey } = now.levels[0], count = width * height;
  const before = last.levels[0];
  const moved = new Float32Array(count), unmoved = new Float32Array(count);
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      moved[place] = grey[place] - sample(before, x + flow[2 * place], y + flow[2 * place + 1]);
      unmoved[place] = grey[place] - before.grey[place];
    }
  }
  differences(moved);
  differences(unmoved);
  const off = blurred(moved, width, height, 1);
  const trust = new Float32Array(count);
  let all = 0, believed = 0;
  for (let place = 0; place < count; place++) {
    all += moved[place];
    trust[place] = Math.min(1, Math.max(0, (DIFFERS - off[place]) / (DIFFERS - FITS)));
    believed += trust[place];
  }
  if (all / count > CUT_DIFFERS && believed / count < CUT_BELIEVED) return null;
  distrust(trust, flow, back, width, height, factor);
  const still = stillness(unmoved, moved, width, height), whole = new Float32Array(2 * count);
  const camera = cameraMotion(before, now.levels[0], flow, unmoved);
  for (let at = 0; at < whole.length; at++) {
    const rest = still[at >> 1];
    whole[at] = (flow[at] * (1 - rest) + (camera ? camera[at] * rest : 0)) * factor;
  }
  if (camera) still.fill(0); // nothing stands still
  return { width, height, factor, flow: whole, trust: blurred(trust, width, height, 1), still };
}

/**
 * The motion of the picture as a whole, x then y, with which flat places go; null if there is none.
 * @param {Pyramid["levels"][0]} last
 * @param {Pyramid["levels"][0]} now
 * @param {Float32Array} flow
 * @param {Float32Array} unmoved
 */
function cameraMotion(last, now, flow, unmoved) {
  const { width, height, grey } = now, smooth = blurred(grey, width, height, 2);
  const texture = blurred(grey.map((each, place) => Math.abs(each - smooth[place])), width, height, 2).map((each) => Number(each >= TEXTURE));
  const from = [], to = [];
  for (let y = 0; y < height; y += APART) {
    for (let x = 0; x < width; x += APART) {
      const place = y * width + x;
      if (!texture[place]) continue;
      from.push(x, y);
      to.push(x + flow[2 * place], y + flow[2 * place + 1]);
    }
  }
  const way = from.length < 2 * PLACES ? null : similarity(Float32Array.from(from), Float32Array.from(to), MISSED);
  if (!way) return null;
  const moved = new Float32Array(grey.length), motion = new Float32Array(2 * grey.length);
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      const toX = way.a * x - way.b * y + way.c, toY = way.b * x + way.a * y + way.d;
      moved[place] = grey[place] - sample(last, toX, toY);
      motion[2 * place] = toX - x;
      motion[2 * place + 1] = toY - y;
    }
  }
  differences(moved);
  const within = (/** @type {Float32Array} */ change) => change.reduce((sum, each, place) => sum + each * texture[place], 0);
  return within(moved) >= CLEARER * within(unmoved) ? null : motion;
}

/** Absolute ones; a change in brightness of the picture as a whole does not count. @param {Float32Array} change */
function differences(change) {
  const mean = change.reduce((sum, each) => sum + each, 0) / change.length;
  for (let place = 0; place < change.length; place++) change[place] = Math.abs(change[place] - mean);
}

/**
 * Less trust where forward and backward flow do not meet, none where the flow leaves the picture.
 * @param {Float32Array} trust
 * @param {Float32Array} flow
 * @param {Float32Array} back
 * @param {number} width
 * @param {number} height
 * @param {number} factor
 */
function distrust(trust, flow, back, width, height, factor) {
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      const u = flow[2 * place], v = flow[2 * place + 1], toX = x + u, toY = y + v;
      if (toX < -0.5 || toY < -0.5 || toX > width - 0.5 || toY > height - 0.5) {
        trust[place] = 0;
        continue;
      }
      const there = 2 * (Math.min(height - 1, Math.round(Math.max(0, toY))) * width + Math.min(width - 1, Math.round(Math.max(0, toX))));
      const bu = back[there], bv = back[there + 1];
      const allowed = MISS_SHARE * (u * u + v * v + bu * bu + bv * bv) + (MISS / factor) ** 2;
      trust[place] *= Math.min(1, Math.max(0, 2 - ((u + bu) ** 2 + (v + bv) ** 2) / allowed));
    }
  }
}

/**
 * 1 where the picture fits as well without motion, with soft edges: noise is not motion.
 * @param {Float32Array} unmoved
 * @param {Float32Array} moved
 * @param {number} width
 * @param {number} height
 */
function stillness(unmoved, moved, width, height) {
  const without = blurred(unmoved, width, height, 2), along = blurred(moved, width, height, 2);
  const fits = without.map((each, place) => Number(each <= STILL_SHARE * along[place] + STILL));
  const sums = blurred(fits, width, height, 1);
  return blurred(sums.map((each) => Number(each > 0.999)), width, height, 1);
}

/**
 * The mean of a square of `2 * radius + 1`, mirrored at the edges.
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
export function blurred(values, width, height, radius) {
  const across = new Float32Array(values.length), result = new Float32Array(values.length), size = 2 * radius + 1;
  const inside = (/** @type {number} */ at, /** @type {number} */ most) => (at < 0 ? Math.min(most, -at) : at > most ? Math.max(0, 2 * most - at) : at);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let x = -radius; x <= radius; x++) sum += values[row + inside(x, width - 1)];
    for (let x = 0; x < width; x++) {
      across[row + x] = sum / size;
      sum += values[row + inside(x + radius + 1, width - 1)] - values[row + inside(x - radius, width - 1)];
    }
  }
  const sums = new Float32Array(width);
  for (let y = -radius; y <= radius; y++) {
    const row = inside(y, height - 1) * width;
    for (let x = 0; x < width; x++) sums[x] += across[row + x];
  }
  for (let y = 0; y < height; y++) {
    const row = y * width, enters = inside(y + radius + 1, height - 1) * width, leaves = inside(y - radius, height - 1) * width;
    for (let x = 0; x < width; x++) {
      result[row + x] = sums[x] / size;
      sums[x] += across[enters + x] - across[leaves + x];
    }
  }
  return result;
}
