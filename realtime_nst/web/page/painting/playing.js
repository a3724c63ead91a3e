// Which network plays the style that is asked for, and the code that tells it how.

/** @typedef {import("./networks.js").Networks} Networks */
/** @typedef {import("./painter.js").Played} Played */
/**
 * A style with its share. `network` plays it alone; a picture has none, the painter plays it.
 * @typedef {{ name: string, weight: number, network: string | null, blends_in: string }} Part
 */

export class Playing {
  /** @type {Map<string, Float32Array>} */ #codes = new Map();
  #last = { key: "", played: /** @type {Played | null} */ (null) };

  /** @param {Networks} networks */
  constructor(networks) {
    this.networks = networks;
  }

  /**
   * @param {string} name
   * @param {ImageBitmap} picture
   */
  async learn(name, picture) {
    if (!this.#codes.has(name)) this.#codes.set(name, await this.networks.encode(picture));
  }

  /** Load what `parts` need. @param {Part[]} parts */
  async prepare(parts) {
    const { network } = this.#found(parts);
    await this.networks.prepare(this.networks.offered.networks[network].file);
  }

  /**
   * The same object for the same parts.
   * @param {Part[]} parts
   * @returns {Promise<Played>}
   */
  async of(parts) {
    const key = JSON.stringify(parts);
    const played = this.#last.key === key && this.#last.played || this.#found(parts);
    this.#last = { key, played };
    return played;
  }

  /** @param {Part[]} parts */
  #found(parts) {
    const { offered } = this.networks, [first] = parts;
    if (first.network === null) {
      return { network: /** @type {string} */ (offered.painter), code: this.#mixed(parts) };
    }
    const several = parts.length > 1 ? first.blends_in : first.network;
    const coded = offered.networks[several].styles.length > 0;
    return { network: several, code: coded ? this.networks.weights(several, parts) : null };
  }

  /** @param {Part[]} parts */
  #mixed(parts) {
    const codes = parts.map(({ name }) => {
      const code = this.#codes.get(name);
      if (!code) throw new Error(`no code for ${name}`);
      return code;
    });
    return codes[0].map((_, at) => parts.reduce((sum, { weight }, part) => sum + weight * codes[part][at], 0));
  }
}
