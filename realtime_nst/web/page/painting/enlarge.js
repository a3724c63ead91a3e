// Paintings enlarged to the size of their source: realtime_nst/runtime/enlarge.py. Colours are
// interpolated; in brightness the contrast of strokes is raised while the painting is small.

import { resized } from "./resize.js";

/** @typedef {{ data: Uint8Array, width: number, height: number }} Plane */

const AROUND = 2; // pixels of the painting, around each, between whose extremes the result stays
const WEAVE = 2; // grey levels
const CONTRAST = 1.25; // how often what a blur takes away is added
const BLUR = [0.5953, 0.19545, 0.00692]; // a Gaussian of 0.67 pixels, from its middle outwards
const MOST_FACTOR = 3, STEP = 2.25; // what grows by more than the first grows by the second first

/**
 * @param {Uint8Array} painted RGB
 * @param {{ width: number, height: number }} small its size
 * @param {{ width: number, height: number }} large
 * @returns {Uint8Array} RGB of the size `large`
 */
export function enlarged(painted, small, large) {
  const { luma, red, blue } = split(painted, small);
  let drawn = /** @type {Plane} */ (luma);
  while (drawn.width !== large.width || drawn.height !== large.height) {
    const size = next(drawn, large), plain = withoutWeave(drawn);
    const [least, most] = extremes(plain).map((each) => resized(each, size, "linear").data);
    drawn = resized(withContrast(plain), size, "cubic");
    for (let at = 0; at < most.length; at++) drawn.data[at] = Math.max(least[at], Math.min(most[at], drawn.data[at]));
  }
  return joined(drawn, resized(red, large, "linear"), resized(blue, large, "linear"));
}

/**
 * The size reached at once on the way to `large`.
 * @param {{ width: number, height: number }} from
 * @param {{ width: number, height: number }} large
 */
function next(from, large) {
  if (Math.max(large.width / from.width, large.height / from.height) <= MOST_FACTOR) return large;
  return { width: Math.min(large.width, Math.round(from.width * STEP)), height: Math.min(large.height, Math.round(from.height * STEP)) };
}

/** Strokes in more contrast. @param {Plane} plane @returns {Plane} */
function withContrast({ data, width, height }) {
  const across = new Float32Array(data.length), result = new Uint8ClampedArray(data.length);
  const [middle, near, far] = BLUR;
  const inside = (/** @type {number} */ at, /** @type {number} */ size) => (at < 0 ? Math.min(size - 1, -at) : at < size ? at : Math.max(0, 2 * size - 2 - at));
  for (let y = 0, at = 0; y < height; y++) {
    const value = (/** @type {number} */ x) => data[y * width + inside(x, width)];
    for (let x = 0; x < width; x++, at++) across[at] = middle * data[at] + near * (value(x - 1) + value(x + 1)) + far * (value(x - 2) + value(x + 2));
  }
  for (let y = 0, at = 0; y < height; y++) {
    const [up2, up, down, down2] = [-2, -1, 1, 2].map((by) => inside(y + by, height) * width);
    for (let x = 0; x < width; x++, at++) {
      const smooth = middle * across[at] + near * (across[up + x] + across[down + x]) + far * (across[up2 + x] + across[down2 + x]);
      result[at] = (1 + CONTRAST) * data[at] - CONTRAST * smooth;
    }
  }
  return { data: new Uint8Array(result.buffer), width, height };
}

/**
 * Without the faint differences between neighbours that networks leave in flat places.
 * @param {Plane} painted
 * @returns {Plane}
 */
function withoutWeave({ data, width, height }) {
  const result = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    const up = y ? -width : width, down = y < height - 1 ? width : -width;
    for (let x = 0; x < width; x++, at++) {
      const left = x ? -1 : 1, right = x < width - 1 ? 1 : -1;
      const sides = data[at + up + left] + data[at + up + right] + data[at + down + left] + data[at + down + right];
      const smooth = (sides + 2 * (data[at + up] + data[at + down] + data[at + left] + data[at + right]) + 4 * data[at]) / 16;
      const off = data[at] - smooth;
      result[at] = smooth + (off > WEAVE ? off - WEAVE : off < -WEAVE ? off + WEAVE : 0) + 0.5;
    }
  }
  return { data: result, width, height };
}

/** The darkest and the brightest around each pixel. @param {Plane} plane @returns {Plane[]} */
function extremes({ data, width, height }) {
  const rows = around(data, data, width, height, 1, width), [least, most] = around(rows[0], rows[1], height, width, width, 1);
  return [least, most].map((each) => ({ data: each, width, height }));
}

/**
 * The least of `low` and the most of `high` within AROUND along lines of `size` values, `step` apart.
 * @param {Uint8Array} low
 * @param {Uint8Array} high
 * @param {number} size
 * @param {number} lines
 * @param {number} step
 * @param {number} apart from one line to the next
 */
function around(low, high, size, lines, step, apart) {
  const least = new Uint8Array(low.length), most = new Uint8Array(low.length);
  for (let line = 0; line < lines; line++) {
    const begin = line * apart;
    for (let at = 0; at < size; at++) {
      const last = begin + Math.min(size - 1, at + AROUND) * step;
      let small = 255, large = 0;
      for (let near = begin + Math.max(0, at - AROUND) * step; near <= last; near += step) {
        if (low[near] < small) small = low[near];
        if (high[near] > large) large = high[near];
      }
      least[begin + at * step] = small;
      most[begin + at * step] = large;
    }
  }
  return [least, most];
}

/**
 * Y, Cr and Cb of ITU-R BT.601 in the full range.
 * @param {Uint8Array} rgb
 * @param {{ width: number, height: number }} size
 */
function split(rgb, { width, height }) {
  const plane = () => ({ data: new Uint8Array(width * height), width, height });
  const luma = plane(), red = plane(), blue = plane();
  for (let at = 0, from = 0; from < rgb.length; at++, from += 3) {
    const y = 0.299 * rgb[from] + 0.587 * rgb[from + 1] + 0.114 * rgb[from + 2];
    luma.data[at] = y + 0.5;
    red.data[at] = Math.min(255, Math.max(0, (rgb[from] - y) * 0.713 + 128.5));
    blue.data[at] = Math.min(255, Math.max(0, (rgb[from + 2] - y) * 0.564 + 128.5));
  }
  return { luma, red, blue };
}

/**
 * @param {Plane} luma
 * @param {Plane} red
 * @param {Plane} blue
 */
function joined(luma, red, blue) {
  const rgb = new Uint8ClampedArray(3 * luma.data.length);
  for (let at = 0, to = 0; to < rgb.length; at++, to += 3) {
    const y = luma.data[at], cr = red.data[at] - 128, cb = blue.data[at] - 128;
    rgb[to] = y + 1.403 * cr;
    rgb[to + 1] = y - 0.714 * cr - 0.344 * cb;
    rgb[to + 2] = y + 1.773 * cb;
  }
  return new Uint8Array(rgb.buffer);
}
