// Makes the paintings of consecutive frames hold still: realtime_nst/motion/stabiliser.py.

import { Mixer } from "./mixing.js";
import { Tracker } from "./tracking.js";

/** @typedef {import("./tracking.js").Motion} Motion */

const PRESETS = {
  off: { moving: 0, still: 0, sharpen: 2, crisp: 0 },
  light: { moving: 0.6, still: 0.8, sharpen: 1.4, crisp: 0.08 },
  strong: { moving: 0.85, still: 0.85, sharpen: 0.8, crisp: 0.32 },
};
const GAP = 1; // seconds from which on two frames are no neighbours

export class Steady {
  #track = new Tracker();
  #mix = new Mixer();
  /** @type {Uint8Array | null} */ #result = null;
  /** @type {Motion | null} */ #motion = null;
  #time = -Infinity;

  reset() {
    this.#track.reset();
    this.#result = null;
  }

  /**
   * Take the next source picture; the share of it that the result before can show.
   * @param {Uint8Array} rgb
   * @param {number} width
   * @param {number} height
   * @param {number} seconds
   */
  observe(rgb, width, height, seconds) {
    if (!(seconds > this.#time && seconds < this.#time + GAP)) this.reset();
    this.#time = seconds;
    this.#motion = this.#track.follow(rgb, width, height);
    if (this.#result?.length !== rgb.length) this.#motion = null;
    const trust = this.#motion?.trust;
    return trust ? trust.reduce((sum, each) => sum + each, 0) / trust.length : 0;
  }

  /**
   * What to show for the picture observed last, whose painting is `painted`.
   * @param {Uint8Array} painted
   * @param {number} width
   * @param {number} height
   * @param {keyof typeof PRESETS} preset
   */
  blend(painted, width, height, preset) {
    const { moving, still, sharpen, crisp } = PRESETS[preset], motion = this.#motion;
    if (!this.#result || !motion || !still) return (this.#result = painted);
    const held = motion.trust.map((trust, place) => trust * (moving + motion.still[place] * (still - moving)));
    this.#result = this.#mix.mix(painted, this.#result, width, height, motion, held, sharpen);
    return this.#mix.crisp(this.#result, width, height, crisp);
  }

  /**
   * The result before, warped, for a picture that was observed but not painted.
   * @param {number} width
   * @param {number} height
   * @param {keyof typeof PRESETS} preset
   */
  carry(width, height, preset) {
    const { sharpen, crisp } = PRESETS[preset], result = this.#result, motion = this.#motion;
    if (!result || !motion) throw new Error("nothing to carry on");
    this.#result = this.#mix.mix(result, result, width, height, motion, motion.trust.map(() => 1), sharpen);
    return crisp ? this.#mix.crisp(this.#result, width, height, crisp) : this.#result;
  }
}
