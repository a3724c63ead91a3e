// The page's side of the worker that paints: wishes go there, results and figures come back.

export class Failed extends Error {
  /**
   * @param {string} kind
   * @param {string} message
   * @param {string} [why] the name of words that say it
   */
  constructor(kind, message, why) {
    super(message);
    this.kind = kind;
    this.why = why;
  }
}

export class Studio {
  #worker = new Worker(new URL("painting/worker.js", import.meta.url), { type: "module" });
  /** @type {Map<number, { done: (value: any) => void, fail: (error: Error) => void }>} */ #waiting = new Map();
  #number = 0;
  /** @type {(figures: { fps: number, width: number, height: number }) => void} */ onFigures = () => {};
  /** @type {(progress: { share: number, left: number | null }) => void} */ onProgress = () => {};

  constructor() {
    this.#worker.addEventListener("message", ({ data }) => {
      if (data.figures) return this.onFigures(data.figures);
      if (data.progress) return this.onProgress(data.progress);
      const waiting = this.#waiting.get(data.number);
      this.#waiting.delete(data.number);
      if (data.failed) waiting?.fail(new Failed(data.failed.name, data.failed.message, data.failed.why));
      else waiting?.done(data.result);
    });
    this.#worker.addEventListener("error", ({ message }) => {
      for (const { fail } of this.#waiting.values()) fail(new Failed("Error", message));
      this.#waiting.clear();
    });
  }

  /**
   * @param {string} wish a method of the worker
   * @param {unknown[]} given
   * @param {Transferable[]} transferred
   * @returns {Promise<any>}
   */
  ask(wish, given = [], transferred = []) {
    const number = ++this.#number;
    return new Promise((done, fail) => {
      this.#waiting.set(number, { done, fail });
      this.#worker.postMessage({ number, wish, given }, transferred);
    });
  }
}
