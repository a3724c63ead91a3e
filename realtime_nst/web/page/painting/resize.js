// Planes of bytes at other sizes, as OpenCV resizes them: by area, linear or cubic.

const CUBIC = -0.75;

/**
 * @typedef {"area" | "linear" | "cubic"} Way
 * @typedef {{ taps: number, first: Int32Array, weights: Float32Array }} Taps
 */

/**
 * @param {{ data: Uint8Array, width: number, height: number }} plane
 * @param {{ width: number, height: number }} size
 * @param {Way} way
 */
export function resized(plane, { width, height }, way) {
  if (plane.width === width && plane.height === height) return plane;
  const across = rows(plane.data, plane.width, plane.height, width, tapsOf(plane.width, width, way));
  const data = new Uint8ClampedArray(width * height), { taps, first, weights } = tapsOf(plane.height, height, way);
  const sums = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[y * taps + tap], from = inside(first[y] + tap, plane.height) * width;
      if (weight) for (let x = 0; x < width; x++) sums[x] += weight * across[from + x];
    }
    for (let x = 0, to = y * width; x < width; x++, to++) data[to] = sums[x];
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

/**
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 * @param {number} wanted
 * @param {Taps} how
 */
function rows(data, width, height, wanted, { taps, first, weights }) {
  const result = new Float32Array(wanted * height), places = new Int32Array(wanted * taps);
  for (let at = 0; at < places.length; at++) places[at] = inside(first[Math.floor(at / taps)] + (at % taps), width);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0, at = 0; x < wanted; x++, to++) {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++, at++) sum += weights[at] * data[row + places[at]];
      result[to] = sum;
    }
  }
  return result;
}

/**
 * @param {number} at
 * @param {number} size
 */
function inside(at, size) {
  return at < 0 ? 0 : at < size ? at : size - 1;
}

/**
 * For each place of a side of `to` pixels, which of `from` pixels count how much.
 * @param {number} from
 * @param {number} to
 * @param {Way} way
 * @returns {Taps}
 */
function tapsOf(from, to, way) {
  const scale = from / to;
  const taps = way === "area" && scale > 1 ? Math.ceil(scale) + 1 : way === "cubic" ? 4 : 2;
  const first = new Int32Array(to), weights = new Float32Array(to * taps);
  for (let at = 0; at < to; at++) {
    if (way === "area" && scale > 1) {
      const begin = at * scale, end = begin + scale;
      first[at] = Math.floor(begin);
      for (let tap = 0; tap < taps; tap++) {
        weights[at * taps + tap] = Math.max(0, Math.min(end, first[at] + tap + 1) - Math.max(begin, first[at] + tap)) / scale;
      }
      continue;
    }
    const place = (at + 0.5) * scale - 0.5, whole = Math.floor(place), rest = place - whole;
    first[at] = way === "cubic" ? whole - 1 : whole;
    weights.set(way === "cubic" ? cubic(rest) : [1 - rest, rest], at * taps);
  }
  return { taps, first, weights };
}

/** @param {number} rest from 0 to 1 */
function cubic(rest) {
  const far = (/** @type {number} */ x) => ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
  const near = (/** @type {number} */ x) => ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  return [far(rest + 1), near(rest), near(1 - rest), far(2 - rest)];
}
