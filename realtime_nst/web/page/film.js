// Where the painted film goes: a file that the viewer chooses, written as it is painted, or one of
// the browser's own that is then given to the viewer.

const WORK = "painted film";

export class Target {
  /**
   * @param {FileSystemFileHandle} handle
   * @param {boolean} chosen
   */
  constructor(handle, chosen) {
    this.handle = handle;
    this.chosen = chosen;
  }

  /**
   * Null if the viewer chose none.
   * @param {string} name
   * @param {string} extension
   * @returns {Promise<Target | null>}
   */
  static async choose(name, extension) {
    const pick = /** @type {any} */ (globalThis).showSaveFilePicker;
    if (!pick) return Target.own();
    const kind = extension === ".mp4" ? "video/mp4" : extension === ".webm" ? "video/webm" : "video/x-matroska";
    try {
      return new Target(await pick({ suggestedName: name, types: [{ accept: { [kind]: [extension] } }] }), true);
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") return null;
      return Target.own();
    }
  }

  static async own() {
    const folder = await navigator.storage.getDirectory();
    return new Target(await folder.getFileHandle(WORK, { create: true }), false);
  }

  /** The film, if the viewer still has to be given it. @returns {Promise<File | null>} */
  async made() {
    return this.chosen ? null : this.handle.getFile();
  }

  /** Nothing half-painted stays. */
  async discard() {
    try {
      await /** @type {any} */ (this.handle).remove?.();
    } catch { /* it was never written */ }
  }
}
