// Dense inverse search (Kroeger et al. 2016) between two small grey pictures: patches on a grid are
// moved by gradient descent, from coarse to fine, and their motions are averaged at each pixel.

const PATCH = 8, BORDER = 16; // pixels; outside the picture its edge is repeated
const COARSEST = 2; // at 120 lines, as OpenCV chooses

/** @typedef {{ finest: number, stride: number, steps: number }} Preset */
/** @type {Record<"forward" | "backward", Preset>} */
export const PRESETS = {
  forward: { finest: 0, stride: 5, steps: 3 },
  backward: { finest: 1, stride: 6, steps: 3 },
};

/** A picture with its edge repeated BORDER pixels outwards, and half-sized ones of it. */
export class Pyramid {
  /**
   * @param {Float32Array} grey
   * @param {number} width
   * @param {number} height
   */
  constructor(grey, width, height) {
    this.levels = [new Level(grey, width, height)];
    while (this.levels.length <= COARSEST) this.levels.push(this.levels[this.levels.length - 1].half());
  }
}

class Level {
  /**
   * @param {Float32Array} grey
   * @param {number} width
   * @param {number} height
   */
  constructor(grey, width, height) {
    this.grey = grey;
    this.width = width;
    this.height = height;
    this.stride = width + 2 * BORDER;
    this.padded = new Float32Array(this.stride * (height + 2 * BORDER));
    for (let y = -BORDER; y < height + BORDER; y++) {
      const from = Math.min(height - 1, Math.max(0, y)) * width, to = (y + BORDER) * this.stride + BORDER;
      this.padded.fill(grey[from], to - BORDER, to);
      this.padded.set(grey.subarray(from, from + width), to);
      this.padded.fill(grey[from + width - 1], to + width, to + width + BORDER);
    }
  }

  half() {
    const width = Math.max(PATCH, this.width >> 1), height = Math.max(PATCH, this.height >> 1);
    const grey = new Float32Array(width * height), { padded, stride } = this;
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0, from = (2 * y + BORDER) * stride + BORDER; x < width; x++, from += 2) {
        grey[to++] = (padded[from] + padded[from + 1] + padded[from + stride] + padded[from + stride + 1]) / 4;
      }
    }
    return new Level(grey, width, height);
  }
}

/** Searches with one preset; its memory is used again for pictures of the same size. */
export class FlowSearch {
  #dx = new Float32Array(PATCH * PATCH);
  #dy = new Float32Array(PATCH * PATCH);
  #template = new Float32Array(PATCH * PATCH);

  /** @param {Preset} preset */
  constructor(preset) {
    this.preset = preset;
  }

  /**
   * Where each pixel of `current` was in `previous`: x then y, in pixels, of the size of `current`.
   * @param {Pyramid} current
   * @param {Pyramid} previous
   */
  search(current, previous) {
    /** @type {Float32Array | null} */
    let flow = null;
    let before = current.levels[COARSEST];
    for (let level = COARSEST; level >= this.preset.finest; level--) {
      const now = current.levels[level];
      if (flow) flow = enlarged(flow, before, now);
      flow = this.#refined(now, previous.levels[level], flow);
      before = now;
    }
    for (let level = this.preset.finest - 1; level >= 0; level--) {
      flow = enlarged(/** @type {Float32Array} */ (flow), before, current.levels[level]);
      before = current.levels[level];
    }
    return /** @type {Float32Array} */ (flow);
  }

  /**
   * @param {Level} now
   * @param {Level} last
   * @param {Float32Array | null} guess
   */
  #refined(now, last, guess) {
    const { stride } = this.preset, { width, height } = now;
    const columns = Math.floor((width - PATCH) / stride) + 1, rows = Math.floor((height - PATCH) / stride) + 1;
    const found = new Float32Array(columns * rows * 2);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        this.#patch(now, last, guess, found, columns, row, column);
      }
    }
    return spread(now, last, found, columns, rows, stride);
  }

  /**
   * The motion of one patch, begun from the best of the coarser level's and its neighbours'.
   * @param {Level} now
   * @param {Level} last
   * @param {Float32Array | null} guess
   * @param {Float32Array} found
   * @param {number} columns
   * @param {number} row
   * @param {number} column
   */
  #patch(now, last, guess, found, columns, row, column) {
    const x = column * this.preset.stride, y = row * this.preset.stride, at = 2 * (row * columns + column);
    const inverse = this.#take(now, x, y);
    const middle = 2 * ((y + PATCH / 2) * now.width + x + PATCH / 2);
    let u = guess ? guess[middle] : 0, v = guess ? guess[middle + 1] : 0;
    let least = this.#descend(last, x + u, y + v, null);
    for (const near of [column ? at - 2 : -1, row ? at - 2 * columns : -1]) {
      if (near < 0 || (found[near] === u && found[near + 1] === v)) continue;
      const off = this.#descend(last, x + found[near], y + found[near + 1], null);
      if (off < least) [least, u, v] = [off, found[near], found[near + 1]];
    }
    const [first, second] = [u, v], step = new Float32Array(2);
    for (let count = 0; inverse && count < this.preset.steps; count++) {
      this.#descend(last, x + u, y + v, step);
      const du = inverse[0] * step[0] + inverse[1] * step[1], dv = inverse[1] * step[0] + inverse[2] * step[1];
      u -= du;
      v -= dv;
      if (du * du + dv * dv < 1e-4) break;
    }
    const strayed = (u - first) ** 2 + (v - second) ** 2 > PATCH * PATCH;
    found[at] = strayed ? first : u;
    found[at + 1] = strayed ? second : v;
  }

  /**
   * Take a patch of the current picture as the template; the inverse of its Hessian as [xx, xy, yy],
   * or null where there is no texture to hold on to.
   * @param {Level} now
   * @param {number} x
   * @param {number} y
   */
  #take({ padded, stride }, x, y) {
    let xx = 0, xy = 0, yy = 0, sumX = 0, sumY = 0;
    const count = PATCH * PATCH;
    for (let row = 0, to = 0; row < PATCH; row++) {
      let from = (y + row + BORDER) * stride + x + BORDER;
      for (let column = 0; column < PATCH; column++, from++, to++) {
        const dx = (padded[from + 1] - padded[from - 1]) / 2, dy = (padded[from + stride] - padded[from - stride]) / 2;
        this.#template[to] = padded[from];
        this.#dx[to] = dx;
        this.#dy[to] = dy;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
        sumX += dx;
        sumY += dy;
      }
    }
    xx -= sumX * sumX / count; // brightness of the patch as a whole does not count
    xy -= sumX * sumY / count;
    yy -= sumY * sumY / count;
    const determinant = xx * yy - xy * xy;
    return determinant > 1 && xx + yy > 4 ? [yy / determinant, -xy / determinant, xx / determinant] : null;
  }

  /**
   * The squared difference between the template and `last` at that place, their means aside. The
   * gradient of half of it goes into `step`.
   * @param {Level} last
   * @param {number} x
   * @param {number} y
   * @param {Float32Array | null} step
   */
  #descend({ padded, stride, width, height }, x, y, step) {
    const left = Math.min(width, Math.max(-PATCH, x)) + BORDER, top = Math.min(height, Math.max(-PATCH, y)) + BORDER;
    const x0 = Math.floor(left), y0 = Math.floor(top), fx = left - x0, fy = top - y0;
    const w00 = (1 - fx) * (1 - fy), w01 = fx * (1 - fy), w10 = (1 - fx) * fy, w11 = fx * fy;
    let squares = 0, sum = 0, alongX = 0, alongY = 0, sumX = 0, sumY = 0;
    for (let row = 0, at = 0; row < PATCH; row++) {
      let from = (y0 + row) * stride + x0;
      for (let column = 0; column < PATCH; column++, from++, at++) {
        const off = w00 * padded[from] + w01 * padded[from + 1] + w10 * padded[from + stride]
          + w11 * padded[from + stride + 1] - this.#template[at];
        squares += off * off;
        sum += off;
        const dx = this.#dx[at], dy = this.#dy[at];
        alongX += dx * off;
        alongY += dy * off;
        sumX += dx;
        sumY += dy;
      }
    }
    const mean = sum / (PATCH * PATCH);
    if (step) {
      step[0] = alongX - sumX * mean;
      step[1] = alongY - sumY * mean;
    }
    return squares - sum * mean;
  }
}

/**
 * Each pixel's motion: that of the patches over it, those that fit there counting more.
 * @param {Level} now
 * @param {Level} last
 * @param {Float32Array} found
 * @param {number} columns
 * @param {number} rows
 * @param {number} stride
 */
function spread(now, last, found, columns, rows, stride) {
  const { width, height, grey } = now, flow = new Float32Array(width * height * 2), weights = new Float32Array(width * height);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 2) {
      const u = found[at], v = found[at + 1];
      const right = column === columns - 1 ? width : column * stride + PATCH;
      const bottom = row === rows - 1 ? height : row * stride + PATCH;
      for (let y = row * stride; y < bottom; y++) {
        for (let x = column * stride; x < right; x++) {
          const place = y * width + x;
          const weight = 1 / Math.max(1, Math.abs(sample(last, x + u, y + v) - grey[place]));
          flow[2 * place] += weight * u;
          flow[2 * place + 1] += weight * v;
          weights[place] += weight;
        }
      }
    }
  }
  for (let place = 0; place < weights.length; place++) {
    flow[2 * place] /= weights[place];
    flow[2 * place + 1] /= weights[place];
  }
  return flow;
}

/**
 * @param {Level} level
 * @param {number} x
 * @param {number} y
 */
export function sample({ padded, stride, width, height }, x, y) {
  const left = Math.min(width - 1, Math.max(0, x)) + BORDER, top = Math.min(height - 1, Math.max(0, y)) + BORDER;
  const x0 = left | 0, y0 = top | 0, fx = left - x0, fy = top - y0, at = y0 * stride + x0;
  const above = padded[at] + fx * (padded[at + 1] - padded[at]);
  const below = padded[at + stride] + fx * (padded[at + stride + 1] - padded[at + stride]);
  return above + fy * (below - above);
}

/**
 * @param {Float32Array} flow
 * @param {Level} from
 * @param {Level} to
 */
function enlarged(flow, from, to) {
  const result = new Float32Array(to.width * to.height * 2);
  for (let y = 0, at = 0; y < to.height; y++) {
    const row = Math.min(from.height - 1, y >> 1) * from.width;
    for (let x = 0; x < to.width; x++, at += 2) {
      const place = 2 * (row + Math.min(from.width - 1, x >> 1));
      result[at] = 2 * flow[place];
      result[at + 1] = 2 * flow[place + 1];
    }
  }
  return result;
}
