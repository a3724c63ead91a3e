// Blending a painting with the warped last result, and sharpening: realtime_nst/motion/_mixing.py.

/** @typedef {import("./tracking.js").Motion} Motion */

const SHARPER = 4; // times the detail that one blur removes
const FAINT = 1, MOST = 4; // grey levels: changes by crispness below the first are not made

/** Warps and blends RGB pictures; its memory is used again for pictures of the same size. */
export class Mixer {
  #moved = new Uint8Array(0);
  #held = new Float32Array(0);
  #sharper = new Float32Array(0);

  /**
   * `painted` blended with `result`, warped by `motion`; `held` is the share of the latter on the
   * grid of `motion`.
   * @param {Uint8Array} painted
   * @param {Uint8Array} result
   * @param {number} width
   * @param {number} height
   * @param {Motion} motion
   * @param {Float32Array} held
   * @param {number} sharpen
   */
  mix(painted, result, width, height, motion, held, sharpen) {
    const { sharper, alongRows } = sharpening(held, motion, sharpen);
    this.#warp(result, width, height, motion, held, sharper);
    const x = (SHARPER / 4) * alongRows, y = (SHARPER / 4) * (1 - alongRows);
    const moved = this.#moved, mixed = new Uint8Array(painted.length), stride = 3 * width;
    for (let row = 0, at = 0, place = 0; row < height; row++) {
      const up = row ? -stride : stride, down = row < height - 1 ? stride : -stride;
      for (let column = 0; column < width; column++, place++) {
        const share = this.#held[place], crisp = this.#sharper[place];
        const left = column ? -3 : 3, right = column < width - 1 ? 3 : -3;
        for (let channel = 0; channel < 3; channel++, at++) {
          let there = moved[at];
          if (crisp > 0.002) {
            const detail = x * (2 * there - moved[at + left] - moved[at + right]) + y * (2 * there - moved[at + up] - moved[at + down]);
            there += (crisp / share) * (Math.min(255, Math.max(0, there + detail)) - there);
          }
          mixed[at] = painted[at] + share * (there - painted[at]) + 0.5;
        }
      }
    }
    return mixed;
  }

  /**
   * `result` along the motion, and both shares, at full size.
   * @param {Uint8Array} result
   * @param {number} width
   * @param {number} height
   * @param {Motion} motion
   * @param {Float32Array} held
   * @param {Float32Array} sharper
   */
  #warp(result, width, height, motion, held, sharper) {
    if (this.#moved.length !== result.length) {
      this.#moved = new Uint8Array(result.length);
      this.#held = new Float32Array(width * height);
      this.#sharper = new Float32Array(width * height);
    }
    const { columns, shares } = placed(width, motion.width, motion.factor);
    const small = { held: new Float32Array(motion.width + 1), sharper: new Float32Array(motion.width + 1), u: new Float32Array(motion.width + 1), v: new Float32Array(motion.width + 1) };
    const rows = placed(height, motion.height, motion.factor);
    for (let y = 0, place = 0; y < height; y++) {
      between(motion, held, sharper, rows.columns[y], rows.shares[y], small);
      for (let x = 0; x < width; x++, place++) {
        const at = columns[x], fx = shares[x];
        this.#held[place] = small.held[at] + fx * (small.held[at + 1] - small.held[at]);
        this.#sharper[place] = small.sharper[at] + fx * (small.sharper[at + 1] - small.sharper[at]);
        const u = small.u[at] + fx * (small.u[at + 1] - small.u[at]), v = small.v[at] + fx * (small.v[at + 1] - small.v[at]);
        take(result, width, height, x + u, y + v, this.#moved, 3 * place);
      }
    }
  }

  /**
   * `image` minus `amount` times its Laplacian, the change being limited.
   * @param {Uint8Array} image
   * @param {number} width
   * @param {number} height
   * @param {number} amount
   */
  crisp(image, width, height, amount) {
    const result = new Uint8Array(image.length), stride = 3 * width;
    for (let row = 0, at = 0; row < height; row++) {
      const up = row ? -stride : stride, down = row < height - 1 ? stride : -stride;
      for (let column = 0; column < width; column++) {
        const left = column ? -3 : 3, right = column < width - 1 ? 3 : -3;
        for (let channel = 0; channel < 3; channel++, at++) {
          const change = amount * (4 * image[at] - image[at + left] - image[at + right] - image[at + up] - image[at + down]);
          const size = Math.abs(change);
          const limited = size <= FAINT ? 0 : Math.sign(change) * Math.min(MOST, size);
          result[at] = Math.min(255, Math.max(0, image[at] + limited + 0.5));
        }
      }
    }
    return result;
  }
}

/**
 * Sharpen more the further between two pixels the motion ends, along the axis of the motion.
 * @param {Float32Array} held
 * @param {Motion} motion
 * @param {number} sharpen
 */
function sharpening(held, { flow }, sharpen) {
  const sharper = new Float32Array(held.length);
  let across = 0, total = 0;
  for (let place = 0; place < held.length; place++) {
    const x = halfway(flow[2 * place]) * held[place], y = halfway(flow[2 * place + 1]) * held[place];
    across += x;
    total += x + y;
    sharper[place] = (x + y) * ((2 * sharpen) / SHARPER);
  }
  return { sharper, alongRows: across / Math.max(total, 1e-6) };
}

/** From 0 at whole pixels to 0.25 halfway between them. @param {number} shift */
function halfway(shift) {
  const rest = shift - Math.floor(shift);
  return rest * (1 - rest);
}

/**
 * For each pixel of a side the place on the small grid before it, and how far it is to the next.
 * @param {number} size
 * @param {number} small
 * @param {number} factor
 */
function placed(size, small, factor) {
  const columns = new Int32Array(size), shares = new Float32Array(size);
  for (let at = 0; at < size; at++) {
    const place = Math.min(small - 1, Math.max(0, (at + 0.5) / factor - 0.5));
    columns[at] = Math.min(small - 1, Math.floor(place));
    shares[at] = place - columns[at];
  }
  return { columns, shares };
}

/**
 * The row between two of the small grid, with its last value once more.
 * @param {Motion} motion
 * @param {Float32Array} held
 * @param {Float32Array} sharper
 * @param {number} row
 * @param {number} share
 * @param {Record<"held" | "sharper" | "u" | "v", Float32Array>} into
 */
function between({ width, height, flow }, held, sharper, row, share, into) {
  const first = row * width, second = Math.min(height - 1, row + 1) * width;
  for (let x = 0; x <= width; x++) {
    const one = first + Math.min(width - 1, x), two = second + Math.min(width - 1, x);
    into.held[x] = held[one] + share * (held[two] - held[one]);
    into.sharper[x] = sharper[one] + share * (sharper[two] - sharper[one]);
    into.u[x] = flow[2 * one] + share * (flow[2 * two] - flow[2 * one]);
    into.v[x] = flow[2 * one + 1] + share * (flow[2 * two + 1] - flow[2 * one + 1]);
  }
}

/**
 * One pixel of `image`, between its pixels, into `to` at `at`.
 * @param {Uint8Array} image
 * @param {number} width
 * @param {number} height
 * @param {number} x
 * @param {number} y
 * @param {Uint8Array} to
 * @param {number} at
 */
function take(image, width, height, x, y, to, at) {
  const left = Math.min(width - 1, Math.max(0, x)), top = Math.min(height - 1, Math.max(0, y));
  const x0 = left | 0, y0 = top | 0, fx = left - x0, fy = top - y0;
  const one = 3 * (y0 * width + x0), right = x0 < width - 1 ? 3 : 0, below = y0 < height - 1 ? 3 * width : 0;
  for (let channel = 0; channel < 3; channel++) {
    const from = one + channel;
    const above = image[from] + fx * (image[from + right] - image[from]);
    const under = image[from + below] + fx * (image[from + below + right] - image[from + below]);
    to[at + channel] = above + fy * (under - above) + 0.5;
  }
}
