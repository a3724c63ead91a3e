// The painting with the colours of its source as a whole (Gatys et al. 2016, section 3.1), as
// realtime_nst/runtime/colour.py does it. The colours of each pixel are kept by the canvas.

const SAMPLED = 128; // places a side at which colours are measured
const LEAST_SPREAD = 16; // grey levels: a smaller deviation is not stretched, that would show noise

/**
 * Give `painting` the mean and covariance of the colours of `source`, in place.
 * @param {Uint8Array} source RGB, of the same size
 * @param {Uint8Array} painting
 */
export function match(source, painting) {
  const shown = moments(source), painted = moments(painting);
  const turned = product(root(shown.spread, 0), inverse(root(painted.spread, LEAST_SPREAD)));
  const [a, b, c, d, e, f, g, h, i] = turned;
  const moved = [0, 1, 2].map((row) => shown.mean[row]
    - turned[3 * row] * painted.mean[0] - turned[3 * row + 1] * painted.mean[1] - turned[3 * row + 2] * painted.mean[2] + 0.5);
  for (let at = 0; at < painting.length; at += 3) {
    const red = painting[at], green = painting[at + 1], blue = painting[at + 2];
    painting[at] = Math.min(255, Math.max(0, a * red + b * green + c * blue + moved[0]));
    painting[at + 1] = Math.min(255, Math.max(0, d * red + e * green + f * blue + moved[1]));
    painting[at + 2] = Math.min(255, Math.max(0, g * red + h * green + i * blue + moved[2]));
  }
}

/** @param {Uint8Array} rgb */
function moments(rgb) {
  const step = 3 * Math.max(1, Math.floor(rgb.length / 3 / SAMPLED ** 2));
  const sums = [0, 0, 0], products = Array(9).fill(0);
  let count = 0;
  for (let at = 0; at < rgb.length; at += step, count++) {
    for (let one = 0; one < 3; one++) {
      sums[one] += rgb[at + one];
      for (let two = 0; two < 3; two++) products[3 * one + two] += rgb[at + one] * rgb[at + two];
    }
  }
  const mean = sums.map((sum) => sum / count);
  return { mean, spread: products.map((each, at) => each / count - mean[Math.floor(at / 3)] * mean[at % 3]) };
}

/**
 * The symmetric square root of a 3x3 matrix, its eigenvalues' roots clipped from below. By Jacobi's
 * rotations.
 * @param {number[]} matrix
 * @param {number} least
 */
function root(matrix, least) {
  const a = [...matrix];
  let vectors = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  for (let sweep = 0; sweep < 12; sweep++) {
    for (const [p, q] of [[0, 1], [0, 2], [1, 2]]) {
      if (Math.abs(a[3 * p + q]) < 1e-9) continue;
      const angle = 0.5 * Math.atan2(2 * a[3 * p + q], a[4 * q] - a[4 * p]), c = Math.cos(angle), s = Math.sin(angle);
      const turn = [1, 0, 0, 0, 1, 0, 0, 0, 1];
      turn[4 * p] = turn[4 * q] = c;
      turn[3 * p + q] = s;
      turn[3 * q + p] = -s;
      const turned = product(product(transposed(turn), a), turn);
      for (let at = 0; at < 9; at++) a[at] = turned[at];
      vectors = product(vectors, turn);
    }
  }
  const roots = [0, 4, 8].map((at) => Math.max(least, Math.sqrt(Math.max(0, a[at]))));
  return product(vectors.map((each, at) => each * roots[at % 3]), transposed(vectors));
}

/** @param {number[]} m */
function transposed(m) {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/**
 * @param {number[]} one
 * @param {number[]} two
 */
function product(one, two) {
  return Array.from({ length: 9 }, (_, at) => {
    const row = 3 * Math.floor(at / 3), column = at % 3;
    return one[row] * two[column] + one[row + 1] * two[column + 3] + one[row + 2] * two[column + 6];
  });
}

/** @param {number[]} m */
function inverse([a, b, c, d, e, f, g, h, i]) {
  const [A, B, C] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const determinant = a * A + b * B + c * C;
  return [A, c * h - b * i, b * f - c * e, B, a * i - c * g, c * d - a * f, C, b * g - a * h, a * e - b * d]
    .map((each) => each / determinant);
}
