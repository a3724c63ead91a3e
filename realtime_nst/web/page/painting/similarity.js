// A shift, turn and zoom that explains the motion of most places (Fischler and Bolles 1981), as
// OpenCV's estimateAffinePartial2D finds it.

const TRIES = 60; // misses an explanation that half of the places share once in 30 million times
const REFINED = 3;

/**
 * x to `a * x - b * y + c`, y to `b * x + a * y + d`.
 * @typedef {{ a: number, b: number, c: number, d: number }} Similarity
 */

/**
 * Null where it explains fewer than half of the places to within `missed`.
 * @param {Float32Array} from x then y of each place
 * @param {Float32Array} to
 * @param {number} missed
 */
export function similarity(from, to, missed) {
  const count = from.length / 2;
  let state = 1, best = /** @type {number[]} */ ([]);
  const any = () => Math.floor(((state = (state * 48271) % 2147483647) / 2147483647) * count);
  for (let turn = 0; turn < TRIES; turn++) {
    const way = fitted(from, to, [any(), any()]), explained = way ? inliers(way, from, to, missed) : [];
    if (explained.length > best.length) best = explained;
  }
  for (let turn = 0; turn < REFINED && best.length; turn++) {
    const way = fitted(from, to, best);
    if (way) best = inliers(way, from, to, missed);
  }
  return 2 * best.length < count ? null : fitted(from, to, best);
}

/**
 * By least squares; null where the places are one.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number[]} places
 * @returns {Similarity | null}
 */
function fitted(from, to, places) {
  let x = 0, y = 0, u = 0, v = 0;
  for (const place of places) {
    x += from[2 * place];
    y += from[2 * place + 1];
    u += to[2 * place];
    v += to[2 * place + 1];
  }
  [x, y, u, v] = [x, y, u, v].map((sum) => sum / places.length);
  let along = 0, across = 0, spread = 0;
  for (const place of places) {
    const p = from[2 * place] - x, q = from[2 * place + 1] - y, r = to[2 * place] - u, s = to[2 * place + 1] - v;
    along += p * r + q * s;
    across += p * s - q * r;
    spread += p * p + q * q;
  }
  if (!spread) return null;
  const a = along / spread, b = across / spread;
  return { a, b, c: u - a * x + b * y, d: v - b * x - a * y };
}

/**
 * @param {Similarity} way
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} missed
 */
function inliers({ a, b, c, d }, from, to, missed) {
  const found = [];
  for (let place = 0; 2 * place < from.length; place++) {
    const x = from[2 * place], y = from[2 * place + 1];
    const off = (a * x - b * y + c - to[2 * place]) ** 2 + (b * x + a * y + d - to[2 * place + 1]) ** 2;
    if (off <= missed * missed) found.push(place);
  }
  return found;
}
