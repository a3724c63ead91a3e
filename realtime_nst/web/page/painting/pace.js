// How much to paint so that a frame rate is held: realtime_nst/live/adaptive.py, shorter.

const LEVELS = [
  { scale: 1, every: 1 },
  { scale: 0.8, every: 1 },
  { scale: 0.65, every: 1 },
  { scale: 0.5, every: 1 },
  { scale: 0.4, every: 1 },
  { scale: 0.4, every: 2 },
  { scale: 0.33, every: 3 },
];
const WINDOW = 1, FEWEST = 3; // seconds and frames that a judgement looks at
const ROOM_DOWN = 0.9, ROOM_UP = 0.7;
const PATIENCE = 3, MOST_PATIENCE = 60;

export class Pace {
  #at = 0;
  /** @type {{ now: number, taken: number }[]} */ #frames = [];
  /** @type {number | null} */ #fitsSince = null;
  #patience = PATIENCE;
  #rose = -Infinity;

  /** @param {number} fps to hold */
  constructor(fps) {
    this.budget = 1 / fps;
  }

  get level() {
    return LEVELS[this.#at];
  }

  /**
   * Count a frame that took `taken` seconds until `now`.
   * @param {number} now
   * @param {number} taken
   */
  count(now, taken) {
    this.#frames.push({ now, taken });
    while (this.#frames.length > FEWEST && now - this.#frames[1].now > WINDOW) this.#frames.shift();
    if (this.#frames.length < FEWEST || now - this.#frames[0].now < WINDOW) return;
    const usual = this.#usual();
    if (usual > this.budget) this.#go(this.#fitting(usual), now);
    else this.#rise(usual, now);
  }

  #usual() {
    const { every } = this.level, taken = this.#frames.map((frame) => frame.taken);
    if (every > 1) return taken.reduce((sum, each) => sum + each, 0) / taken.length;
    return taken.sort((one, two) => one - two)[taken.length >> 1];
  }

  /** @param {number} usual */
  #fitting(usual) {
    const below = LEVELS.findIndex((_, at) => at > this.#at && this.#predicted(usual, at) <= this.budget * ROOM_DOWN);
    return below < 0 ? LEVELS.length - 1 : below;
  }

  /**
   * One level up, once it has been predicted to fit for long enough; longer each time it did not.
   * @param {number} usual
   * @param {number} now
   */
  #rise(usual, now) {
    if (this.#at === 0 || this.#predicted(usual, this.#at - 1) > this.budget * ROOM_UP) this.#fitsSince = null;
    else if ((this.#fitsSince ??= now) <= now - this.#patience) {
      this.#rose = now;
      this.#go(this.#at - 1, now);
    }
  }

  /**
   * @param {number} usual
   * @param {number} at
   */
  #predicted(usual, at) {
    const cost = (/** @type {number} */ level) => LEVELS[level].scale ** 2 / LEVELS[level].every;
    return (usual * cost(at)) / cost(this.#at);
  }

  /**
   * @param {number} at
   * @param {number} now
   */
  #go(at, now) {
    if (at === this.#at) return;
    if (at > this.#at) this.#patience = now - this.#rose < 2 * this.#patience ? Math.min(2 * this.#patience, MOST_PATIENCE) : PATIENCE;
    this.#at = at;
    this.#fitsSince = null;
    this.#frames = [];
  }
}
