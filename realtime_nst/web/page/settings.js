// The page's settings: what the controls show, and the look and view that they stand for, in the
// form that every command reads with --look.

import { forget, keep } from "./keep.js";

/**
 * @typedef {object} Style
 * @property {string} name
 * @property {string} title
 * @property {string} artist
 * @property {string} speed_class
 * @property {string} blends_in styles with the same can be blended
 * @property {string | null} network
 * @property {string | null} painting what a style without a network is learnt from
 * @property {string | null} picture
 * @property {Blob} [own] the viewer's own picture
 */
/**
 * @typedef {object} Settings
 * @property {string} style
 * @property {string | null} blend_with
 * @property {number} blend_weight
 * @property {"everywhere" | "person" | "background" | "moving" | "still"} where
 * @property {number} strength
 * @property {string} brush
 * @property {"off" | "light" | "strong"} stabilise
 * @property {"none" | "luminance" | "matched"} keep_colour
 * @property {boolean} mirror
 * @property {number | null} split
 * @property {boolean} microphone
 */
/** @typedef {{ styles: Style[], choices: Record<string, string[]>, look: Record<string, any>, view: Record<string, any>, networks: any, painter: string | null, person: string }} Offered */

export const BRUSHES = ["0.5", "0.7", "auto", "1.4", "bold"];
const MASKS = {
  everywhere: { mask: "", invert_mask: false }, person: { mask: "person", invert_mask: false }, background: { mask: "background", invert_mask: false },
  moving: { mask: "moving", invert_mask: false }, still: { mask: "moving", invert_mask: true },
};
export const PLACES = /** @type {Settings["where"][]} */ (Object.keys(MASKS));

/** @param {any} value */
function isShare(value) {
  return typeof value === "number" && value >= 0 && value <= 1;
}

export class Store {
  /** @type {((changed: Partial<Settings>) => void)[]} */ #listeners = [];

  /** @param {Offered} offered */
  constructor(offered) {
    this.offered = offered;
    const { look, view } = offered;
    /** @type {Settings} */
    this.begun = {
      style: look.style, blend_with: null, blend_weight: 0.5, where: "everywhere", strength: look.strength,
      brush: look.brush, stabilise: look.stabilise, keep_colour: look.keep_colour,
      mirror: view.mirror, split: view.split, microphone: false,
    };
    /** @type {Settings} */
    this.now = { ...this.begun };
  }

  /** @param {(changed: Partial<Settings>) => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** @param {Partial<Settings>} fields */
  set(fields) {
    if (fields.style) fields = { ...fields, blend_with: this.partners(fields.style).find(({ name }) => name === this.now.blend_with)?.name ?? null };
    Object.assign(this.now, fields);
    for (const listener of this.#listeners) listener(fields);
    keep("settings", this.now);
  }

  /** @param {string | null} name */
  named(name) {
    return this.offered.styles.find((style) => style.name === name);
  }

  /** The styles that follow the same painting, in several speed classes. @param {string} name */
  variants(name) {
    const style = this.named(name);
    return style?.network ? this.offered.styles.filter(({ title, network }) => network && title === style.title) : [];
  }

  /** What a style can be blended with. @param {string} name */
  partners(name) {
    const group = this.named(name)?.blends_in;
    return group ? this.offered.styles.filter((style) => style.blends_in === group && style.name !== name) : [];
  }

  /** The styles in use with their shares. */
  parts() {
    const { style, blend_with, blend_weight } = this.now;
    const shares = blend_with === null ? [{ name: style, weight: 1 }]
      : [{ name: style, weight: 1 - blend_weight }, { name: blend_with, weight: blend_weight }];
    return shares.map(({ name, weight }) => {
      const { network, blends_in } = /** @type {Style} */ (this.named(name));
      return { name, weight, network, blends_in };
    });
  }

  /** A preset: the commands take it with --look. */
  preset() {
    const { style, blend_with, where, strength, brush, stabilise, keep_colour, mirror, split } = this.now;
    const styles = blend_with === null ? style : this.parts().map(({ name, weight }) => ({ name, weight }));
    const look = { ...this.offered.look, style: styles, strength, brush, stabilise, keep_colour, ...MASKS[where] };
    return { version: 1, look, view: { mirror, split } };
  }

  /**
   * Take up settings that were kept; what no longer exists is left out. False if the style is gone.
   * @param {Partial<Settings> | undefined} before
   */
  restore(before = {}) {
    const fits = {
      ...Object.fromEntries(Object.entries(this.offered.choices).map(([name, choices]) => [name, (/** @type {any} */ value) => choices.includes(value)])),
      style: (/** @type {any} */ value) => Boolean(this.named(value)),
      blend_with: (/** @type {any} */ value) => value === null || Boolean(this.named(value)),
      where: (/** @type {any} */ value) => PLACES.includes(value),
      brush: (/** @type {any} */ value) => BRUSHES.includes(value),
      strength: isShare, blend_weight: isShare,
      split: (/** @type {any} */ value) => value === null || isShare(value),
      mirror: (/** @type {any} */ value) => typeof value === "boolean",
    };
    const usable = Object.entries(before).filter(([name, value]) => name in this.begun && (/** @type {any} */ (fits)[name]?.(value) ?? true));
    Object.assign(this.now, Object.fromEntries(usable));
    if (!this.partners(this.now.style).some(({ name }) => name === this.now.blend_with)) this.now.blend_with = null;
    for (const listener of this.#listeners) listener(this.now);
    return !before.style || Boolean(this.named(before.style));
  }

  /** @param {Style & { own: Blob }} style */
  add(style) {
    this.offered.styles.push(style);
    const { name, title, own } = style;
    keep(`picture ${name}`, { name, title, own });
  }

  /** @param {string} name */
  remove(name) {
    this.offered.styles = this.offered.styles.filter((style) => style.name !== name);
    forget(`picture ${name}`);
  }
}
