// Paints pictures as a look says: the one place that puts size, network, steadying, colours and
// mask together, as realtime_nst/paint.py does.

import { match } from "./colour.js";
import { enlarged } from "./enlarge.js";
import { PeopleMask } from "./mask.js";
import { MovingMask } from "./moving.js";
import { Sheet, toRgb, toRgba } from "./pixels.js";
import { paintedSize } from "./sizes.js";
import { Steady } from "./steady.js";

/** @typedef {import("./networks.js").Networks} Networks */
/** @typedef {{ network: string, code: Float32Array | null }} Played */
/**
 * `strength` and the colours of each pixel are left to the display.
 * @typedef {object} Look
 * @property {string} brush
 * @property {number} strength
 * @property {"off" | "light" | "strong"} stabilise
 * @property {"none" | "luminance" | "matched"} keep_colour
 * @property {"everywhere" | "person" | "background" | "moving" | "still"} where
 */

const MOST_ENLARGED = 4_000_000, MOST_LIVE = 640 * 480; // pixels; from there on the canvas enlarges
const CARRIED = 0.9; // the share that the last result must cover for the network to be left out

export class Painter {
  #read = new Sheet();
  #painted = new Sheet();
  #steady = new Steady();
  #people = new PeopleMask();
  #moving = new MovingMask();
  #skipped = 0;
  /** @type {Played | null} */ #played = null;

  /** @param {Networks} networks */
  constructor(networks) {
    this.networks = networks;
    this.size = { width: 0, height: 0 };
  }

  reset() {
    this.#steady.reset();
    this.#people.reset();
    this.#moving.reset();
  }

  /**
   * The painting of `source`, transparent where nothing is painted. It is valid until the next call.
   * @param {CanvasImageSource} source
   * @param {number} width
   * @param {number} height
   * @param {Look} look
   * @param {Played} played
   * @param {number | null} seconds the time of a frame; null for a picture alone
   * @param {{ scale: number, every: number } | null} level how much to paint, to keep up; null paints
   * as well as can be
   */
  async paint(source, width, height, look, played, seconds, level = null) {
    if (played !== this.#played) this.#steady.reset();
    this.#played = played;
    const small = (this.size = paintedSize(width, height, look.brush, level?.scale));
    let size = small, { pixels, rgb } = this.#pixels(source, size);
    let painting = await this.#steadied(rgb, look, played, seconds, level?.every ?? 1);
    const share = Math.min(1, Math.sqrt((level ? MOST_LIVE : MOST_ENLARGED) / (width * height)));
    if (share * width > small.width) {
      size = { width: Math.round(share * width), height: Math.round(share * height) };
      painting = enlarged(painting, small, size);
      if (look.keep_colour === "matched" || look.where !== "everywhere") rgb = this.#pixels(source, size).rgb;
      pixels = new ImageData(size.width, size.height);
    }
    if (look.keep_colour === "matched") match(rgb, (painting = painting.slice()));
    const alpha = look.where === "everywhere" ? null : await this.#mask(source, rgb, size, look);
    const { canvas, context } = this.#painted.at(size.width, size.height);
    toRgba(painting, pixels.data, alpha);
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  /**
   * @param {CanvasImageSource} source
   * @param {{ width: number, height: number }} size
   */
  #pixels(source, { width, height }) {
    const pixels = this.#read.read(source, width, height);
    return { pixels, rgb: toRgb(pixels.data, new Uint8Array(3 * width * height)) };
  }

  /**
   * @param {Uint8Array} rgb
   * @param {Look} look
   * @param {Played} played
   * @param {number | null} seconds
   * @param {number} every
   */
  async #steadied(rgb, look, { network, code }, seconds, every) {
    const { width, height } = this.size, preset = look.stabilise;
    const fresh = () => this.networks.paint(network, rgb, width, height, code);
    if (seconds === null || (preset === "off" && every === 1)) return fresh();
    const covered = this.#steady.observe(rgb, width, height, seconds);
    if (covered >= CARRIED && this.#skipped < every - 1) {
      this.#skipped++;
      return this.#steady.carry(width, height, preset);
    }
    this.#skipped = 0;
    return this.#steady.blend(await fresh(), width, height, preset);
  }

  /**
   * @param {CanvasImageSource} source
   * @param {Uint8Array} rgb
   * @param {{ width: number, height: number }} size
   * @param {Look} look
   */
  async #mask(source, rgb, { width, height }, look) {
    const people = look.where === "person" || look.where === "background";
    const weights = people ? await this.#people.find(this.networks, source, rgb, width, height, look.stabilise !== "off")
      : this.#moving.find(source, width, height);
    return look.where === "person" || look.where === "moving" ? weights : weights.map((each) => 255 - each);
  }
}
