// Paintings enlarged to the size of their source: realtime_nst/runtime/enlarge.py. Colours are
// interpolated; a small network draws the detail of brightness.

import { resized } from "./resize.js";

/** @typedef {import("./networks.js").Networks} Networks */
/** @typedef {{ data: Uint8Array, width: number, height: number }} Plane */

const AROUND = 2; // pixels of the painting, around each, between whose extremes its detail stays
const WEAVE = 3; // grey levels
const MOST_FACTOR = 3, STEP = 2.25; // what grows by more than the first grows by the second first
const MULTIPLE = 4; // of the network's sides

/**
 * @param {Networks} networks
 * @param {Uint8Array} painted RGB
 * @param {{ width: number, height: number }} small its size
 * @param {Uint8Array} source RGB, what was painted
 * @param {{ width: number, height: number }} large its size
 * @returns {Promise<Uint8Array>} RGB of the size of `source`
 */
export async function enlarged(networks, painted, small, source, large) {
  const { luma, red, blue } = split(painted, small), guide = split(source, large).luma;
  let drawn = /** @type {Plane} */ (luma);
  while (drawn.width !== large.width || drawn.height !== large.height) {
    const size = next(drawn, large);
    drawn = await once(networks, drawn, resized(guide, size, "area"));
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

/**
 * @param {Networks} networks
 * @param {Plane} painted
 * @param {Plane} guide
 * @returns {Promise<Plane>}
 */
async function once(networks, painted, guide) {
  painted = withoutWeave(painted);
  const base = resized(painted, guide, "cubic");
  const most = resized(extreme(painted, Math.max), guide, "linear").data, least = resized(extreme(painted, Math.min), guide, "linear").data;
  const drawn = await draw(networks, base, guide), { data } = drawn;
  backProject(painted, drawn);
  for (let at = 0; at < data.length; at++) {
    const plain = base.data[at];
    data[at] = Math.max(Math.min(least[at], plain), Math.min(Math.max(most[at], plain), data[at]));
  }
  return drawn;
}

/**
 * The network takes multiples of its own: the edge is repeated to the right and below.
 * @param {Networks} networks
 * @param {Plane} base
 * @param {Plane} guide
 * @returns {Promise<Plane>}
 */
async function draw(networks, base, guide) {
  const up = (/** @type {number} */ side) => Math.ceil(side / MULTIPLE) * MULTIPLE;
  const [width, height] = [up(base.width), up(base.height)];
  const drawn = await networks.draw(padded(base, width, height), padded(guide, width, height), width, height);
  const data = new Uint8Array(base.data.length);
  for (let y = 0; y < base.height; y++) data.set(drawn.subarray(y * width, y * width + base.width), y * base.width);
  return { ...base, data };
}

/**
 * @param {Plane} plane
 * @param {number} width
 * @param {number} height
 */
function padded(plane, width, height) {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = Math.min(plane.height - 1, y) * plane.width, to = y * width;
    data.set(plane.data.subarray(from, from + plane.width), to);
    data.fill(plane.data[from + plane.width - 1], to + plane.width, to + width);
  }
  return data;
}

/**
 * Without the faint differences between neighbours that networks leave in flat places.
 * @param {Plane} painted of so many values a pixel
 * @param {number} channels
 * @returns {Plane}
 */
export function withoutWeave({ data, width, height }, channels = 1) {
  const result = new Uint8Array(data.length), stride = channels * width;
  for (let y = 0, at = 0; y < height; y++) {
    const up = y ? -stride : stride, down = y < height - 1 ? stride : -stride;
    for (let x = 0; x < stride; x++, at++) {
      const left = x < channels ? channels : -channels, right = x < stride - channels ? channels : -channels;
      const sides = data[at + up + left] + data[at + up + right] + data[at + down + left] + data[at + down + right];
      const smooth = (sides + 2 * (data[at + up] + data[at + down] + data[at + left] + data[at + right]) + 4 * data[at]) / 16;
      const off = data[at] - smooth;
      result[at] = smooth + (off > WEAVE ? off - WEAVE : off < -WEAVE ? off + WEAVE : 0) + 0.5;
    }
  }
  return { data: result, width, height };
}

/**
 * The brightest or darkest around each pixel.
 * @param {Plane} plane
 * @param {(...values: number[]) => number} of
 * @returns {Plane}
 */
function extreme({ data, width, height }, of) {
  const across = new Uint8Array(data.length), result = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let found = data[at];
      for (let near = Math.max(0, x - AROUND); near <= Math.min(width - 1, x + AROUND); near++) found = of(found, data[y * width + near]);
      across[at] = found;
    }
  }
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let found = across[at];
      for (let near = Math.max(0, y - AROUND); near <= Math.min(height - 1, y + AROUND); near++) found = of(found, across[near * width + x]);
      result[at] = found;
    }
  }
  return { data: result, width, height };
}

/**
 * Take from `drawn` what it shows otherwise than `painted` when shrunk to the same size (Irani and
 * Peleg 1991).
 * @param {Plane} painted
 * @param {Plane} drawn
 */
function backProject(painted, drawn) {
  const small = resized(drawn, painted, "area").data, { data } = drawn;
  const lost = (/** @type {number} */ sign) => {
    const off = small.map((each, at) => Math.max(0, sign * (painted.data[at] - each)));
    return resized({ ...painted, data: off }, drawn, "cubic").data;
  };
  const more = lost(1), less = lost(-1);
  for (let at = 0; at < data.length; at++) data[at] = Math.max(0, Math.min(255, data[at] + more[at]) - less[at]);
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
  const rgb = new Uint8Array(3 * luma.data.length), clip = (/** @type {number} */ value) => Math.min(255, Math.max(0, value + 0.5));
  for (let at = 0, to = 0; to < rgb.length; at++, to += 3) {
    const y = luma.data[at], cr = red.data[at] - 128, cb = blue.data[at] - 128;
    rgb[to] = clip(y + 1.403 * cr);
    rgb[to + 1] = clip(y - 0.714 * cr - 0.344 * cb);
    rgb[to + 2] = clip(y + 1.773 * cb);
  }
  return rgb;
}
