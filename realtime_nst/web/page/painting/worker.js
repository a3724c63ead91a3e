// Paints beside the page: takes wishes as messages, shows results on the page's canvas.

import { Display } from "./display.js";
import { Film, Unpaintable } from "./films.js";
import { engines, fastest, threads } from "./engine.js";
import { Networks } from "./networks.js";
import { Pace } from "./pace.js";
import { Painter } from "./painter.js";
import { Playing } from "./playing.js";

/** @typedef {import("./painter.js").Look} Look */
/** @typedef {import("./display.js").View} View */

const FPS = 15; // to hold; below about 12 motion is no longer seen as such
const PROBE = { width: 192, height: 144 };

class Worker {
  /** @type {{ look: Look, view: View, parts: import("./playing.js").Part[] } | null} */ wish = null;
  /** @type {ImageBitmap | null} */ #still = null;
  #wishes = 0;
  #turn = 0; // grows with each change of the source
  #shown = /** @type {number[]} */ ([]); // when, in the last two seconds
  #told = 0;
  /** @type {Film | null} */ #film = null;
  #again = Promise.resolve();

  /**
   * @param {OffscreenCanvas} canvas
   * @param {any} offered
   * @param {string} home
   * @param {"webgpu" | "wasm" | null} wanted
   */
  async begin(canvas, offered, home, wanted) {
    const found = (await engines(wanted)).map((engine) => new Networks(engine, offered, new URL(home)));
    const [first] = Object.keys(offered.networks), rgb = new Uint8Array(3 * PROBE.width * PROBE.height);
    const best = await fastest(found.map((each) => each.engine), async (engine) => {
      const networks = /** @type {Networks} */ (found.find((each) => each.engine === engine));
      await networks.paint(first, rgb, PROBE.width, PROBE.height, null);
    });
    this.networks = /** @type {Networks} */ (found.find((each) => each.engine === best));
    this.painter = new Painter(this.networks);
    this.playing = new Playing(this.networks);
    this.display = new Display(canvas);
    return { provider: best.provider, threads: threads() };
  }

  /**
   * How to paint. Until what another style needs is loaded, the one before is painted.
   * @param {{ look: Look, view: View, parts: import("./playing.js").Part[] }} wish
   */
  async set(wish) {
    const turn = ++this.#wishes;
    this.wish = { ...wish, parts: this.wish?.parts ?? wish.parts };
    await this.parts().playing.prepare(wish.parts);
    if (turn !== this.#wishes) return;
    this.wish = wish;
    if (this.#still) await this.#repaint();
  }

  parts() {
    const { networks, painter, playing, display } = this;
    if (!networks || !painter || !playing || !display) throw new Error("not begun");
    return { networks, painter, playing, display };
  }

  /** Paint a picture; null shows none. @param {ImageBitmap | null} picture */
  async show(picture) {
    this.stop();
    this.#still = picture;
    if (picture) await this.#repaint();
  }

  /** The newest wish counts: one that comes while another is painted replaces those between. */
  #repaint() {
    const turn = this.#again.then(async () => {
      if (this.#still) await this.#paint(this.#still, null, null);
    });
    this.#again = turn.catch(() => {});
    return turn;
  }

  /**
   * @param {ImageBitmap | VideoFrame} source
   * @param {number | null} seconds
   * @param {{ scale: number, every: number } | null} level
   */
  async #paint(source, seconds, level) {
    const { painter, playing, display } = this.parts(), wish = this.wish;
    if (!wish) return;
    const { look, view } = wish;
    const width = "displayWidth" in source ? source.displayWidth : source.width;
    const height = "displayHeight" in source ? source.displayHeight : source.height;
    const painting = look.strength > 0
      ? await painter.paint(source, width, height, look, await playing.of(wish.parts), seconds, level) : null;
    display.show(source, painting, width, height, this.wish?.look ?? look, this.wish?.view ?? view);
  }

  /** Paint the newest frame of a camera, again and again, until another source comes. @param {ReadableStream<VideoFrame>} frames */
  async camera(frames) {
    this.stop();
    const turn = this.#turn, pace = new Pace(FPS), reader = frames.getReader();
    for (;;) {
      const { value: frame, done } = await reader.read();
      if (!frame || done || this.#turn !== turn) {
        frame?.close();
        break;
      }
      try {
        const began = performance.now();
        await this.#paint(frame, frame.timestamp / 1e6, pace.level);
        pace.count(performance.now() / 1000, (performance.now() - began) / 1000);
      } finally {
        frame.close();
      }
      this.#tell();
      await new Promise((done) => setTimeout(done)); // messages are heard between frames
    }
    reader.cancel().catch(() => {});
  }

  /** Every second how fast it goes. */
  #tell() {
    const now = performance.now();
    this.#shown.push(now);
    while (now - this.#shown[0] > 2000) this.#shown.shift();
    const seconds = (now - this.#shown[0]) / 1000;
    if (now - this.#told < 1000 || !seconds) return;
    this.#told = now;
    postMessage({ figures: { fps: (this.#shown.length - 1) / seconds, ...this.parts().painter.size } });
  }

  stop() {
    this.#turn++;
    this.#shown = [];
    this.#still?.close();
    this.#still = null;
    this.cancelFilm();
    this.#film?.close();
    this.#film = null;
    this.painter?.reset();
  }

  /**
   * Open a film, and show its first frame. Its size, and how many sounds will be lost.
   * @param {File} file
   */
  async openFilm(file) {
    const film = await Film.open(file);
    await this.show(await film.first());
    this.#film = film;
    return { ...film.size, extension: await film.extension(), lost: await film.lost() };
  }

  /**
   * Paint the film that is open into a file. False if it was cancelled.
   * @param {FileSystemFileHandle} handle
   */
  async paintFilm(handle) {
    const film = this.#film, wish = this.wish, { painter, playing, display } = this.parts();
    if (!film || !wish) throw new Error("no film");
    const { look, parts } = wish, { width, height } = film.size, played = await playing.of(parts);
    const result = new Display(new OffscreenCanvas(width, height)), whole = { mirror: false, split: null };
    painter.reset();
    const began = performance.now();
    return film.paint(await handle.createWritable(), async (canvas, seconds) => {
      const painting = look.strength > 0 ? await painter.paint(canvas, width, height, look, played, seconds) : null;
      result.show(canvas, painting, width, height, look, whole);
      display.show(canvas, painting, width, height, look, this.wish?.view ?? whole);
      return result.canvas;
    }, (share) => postMessage({ progress: { share, left: share > 0.01 ? ((performance.now() - began) / 1000) * (1 / share - 1) : null } }));
  }

  cancelFilm() {
    if (this.#film) this.#film.cancelled = true;
  }

  snapshot() {
    return this.parts().display.canvas.convertToBlob({ type: "image/png" });
  }

  /**
   * The code of a picture to paint like.
   * @param {string} name
   * @param {ImageBitmap} picture
   */
  async learn(name, picture) {
    await this.parts().playing.learn(name, picture);
    picture.close();
  }
}

const worker = new Worker();

addEventListener("message", async ({ data: { number, wish, given } }) => {
  try {
    postMessage({ number, result: await /** @type {any} */ (worker)[wish](...given) });
  } catch (error) {
    const { message = String(error) } = /** @type {Error} */ (error);
    const why = error instanceof Unpaintable ? error.word : undefined;
    postMessage({ number, failed: { name: error?.constructor?.name, message, why } });
  }
});
