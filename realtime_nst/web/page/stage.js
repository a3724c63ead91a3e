// What is painted: the scene that the page begins with, a photo, the camera or a film.

import { cameras, frames, openCamera, reason } from "./camera.js";
import { showDivider } from "./divider.js";
import { Target } from "./film.js";
import { $, element, input, save, say, stamp } from "./page.js";
import { Recording } from "./record.js";
import { readable, showLoading } from "./tiles.js";
import { word } from "./words.js";

/** @typedef {import("./settings.js").Store} Store */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./studio.js").Studio} Studio */

const SCENE = "pictures/scene.jpg", FIRST = "pictures/first.jpg";

export class Stage {
  /** @type {"scene" | "photo" | "camera" | "film"} */ #kind = "scene";
  /** @type {MediaStreamTrack | null} */ #camera = null;
  /** @type {Recording | null} */ #recording = null;
  /** @type {Promise<void> | null} */ #begun = null;
  #canvas = /** @type {HTMLCanvasElement} */ ($("picture"));

  /**
   * @param {Store} store
   * @param {Studio} studio
   */
  constructor(store, studio) {
    this.store = store;
    this.studio = studio;
    this.#worn = { style: store.now.style, blend_with: store.now.blend_with };
    store.onChange((changed) => this.changed(changed));
    studio.onFigures = ({ fps, width, height }) => {
      $("figures").textContent = word("figures", { fps: fps.toFixed(0), width, height });
    };
  }

  /** Whether nothing has been asked for yet. */
  get idle() {
    return !this.#begun && this.#kind === "scene";
  }

  /** Load the engine that paints; only once. */
  begin() {
    this.#begun ??= this.#begin().catch((error) => {
      this.#begun = null;
      throw error;
    });
    return this.#begun;
  }

  async #begin() {
    const canvas = this.#canvas.transferControlToOffscreen(), { offered } = this.store;
    const wanted = new URLSearchParams(location.search).get("engine");
    const { provider, threads } = await this.studio.ask("begin", [canvas, offered, new URL("./", location.href).href, wanted], [canvas]);
    this.#engine = { provider, threads };
    this.say();
  }

  #engine = { provider: "", threads: 1 };

  /** What stands in the page beside its elements' own words, in the language of now. */
  say() {
    const { provider, threads } = this.#engine;
    if (provider) $("engine").textContent = word(provider === "webgpu" ? "engine_webgpu" : threads > 1 ? "engine_wasm" : "engine_one", { threads });
    this.#showRecording(Boolean(this.#recording));
    if (!this.#painting) say("");
  }

  /** @param {Partial<Settings>} changed */
  async changed(changed) {
    showDivider(this.store);
    const ready = this.#kind === "scene" && this.#ready();
    if (ready) this.#preview(ready);
    if (ready === FIRST) return;
    const { style } = this.store.now, goingBack = this.#goingBack;
    try {
      if ("style" in changed) showLoading(this.store, style);
      await this.#wear();
      if (this.#kind === "scene") await this.#scene();
      if (!this.#recording && !goingBack) say("");
    } catch (error) {
      if (!goingBack) this.#goBack(style);
      this.failed(/** @type {Error} */ (error), style);
    } finally {
      if (this.store.now.style === style) showLoading(this.store, null);
    }
  }

  /** To what was painted before `style`, which cannot be had. @param {string} style */
  #goBack(style) {
    if (this.#worn.style === style || this.store.now.style !== style) return;
    this.#goingBack = true; // listeners are called at once
    this.store.set(this.#worn);
    this.#goingBack = false;
  }

  #goingBack = false;

  /** A picture of the scene as these settings paint it: a good one, or one until the engine is there. */
  #ready() {
    const { now, begun } = this.store;
    const asBegun = /** @type {const} */ (["strength", "brush", "keep_colour", "where"]).every((name) => now[name] === begun[name]);
    if (!asBegun || now.blend_with !== null || now.split !== null) return null;
    if (now.style === begun.style) return FIRST;
    return this.#engine.provider ? null : this.store.named(now.style)?.picture ?? null;
  }

  /** @param {string} picture */
  #preview(picture) {
    const preview = /** @type {HTMLImageElement} */ ($("preview"));
    if (!preview.src.endsWith(picture)) preview.src = picture;
    this.#showCanvas(false);
  }

  /** Tell the worker how to paint, pictures of the viewer's own included. */
  async #wear() {
    const { now } = this.store, parts = this.store.parts(), worn = { style: now.style, blend_with: now.blend_with };
    await this.begin();
    for (const { name, network } of parts) if (network === null) await this.#learn(name);
    const { brush, strength, stabilise, keep_colour, where, mirror, split } = now;
    const look = { brush, strength, stabilise, keep_colour, where }, view = { mirror: this.#kind === "camera" && mirror, split };
    await this.studio.ask("set", [{ look, view, parts }]);
    this.#worn = worn;
  }

  /** What was painted last. @type {{ style: string, blend_with: string | null }} */ #worn;

  #learnt = new Set();

  /** @param {string} name */
  async #learn(name) {
    const style = this.store.named(name);
    if (this.#learnt.has(name) || !style) return;
    say(word("looking", { file: style.title }));
    const source = style.own ?? await (await fetch(/** @type {string} */ (style.painting))).blob();
    const picture = await createImageBitmap(source);
    await this.studio.ask("learn", [name, picture], [picture]);
    this.#learnt.add(name);
  }

  async #scene() {
    const picture = await createImageBitmap(await (await fetch(SCENE)).blob());
    await this.#still(picture);
  }

  /** @param {ImageBitmap} picture */
  async #still(picture) {
    const { width, height } = picture;
    await this.studio.ask("show", [picture], [picture]);
    this.#showCanvas(true, width, height);
  }

  /** Paint the camera. @param {string | null} id */
  async start(id = null) {
    say(word("asking"));
    $("start").setAttribute("disabled", "");
    try {
      await this.#leave("camera");
      const camera = await openCamera(id);
      this.#camera = camera;
      camera.addEventListener("ended", () => this.stop(word("camera_gone"), true));
      say(word("loading", { what: readable(/** @type {any} */ (this.store.named(this.store.now.style))) }));
      await this.#wear();
      const { width = 640, height = 480 } = camera.getSettings(), stream = frames(camera);
      this.studio.ask("camera", [stream], [stream]).catch((error) => this.failed(error));
      this.#showCanvas(true, width, height);
      this.#showRunning();
      say("");
      await this.#offerCameras(camera);
    } catch (error) {
      const why = /** @type {Error} */ (error);
      await this.stop();
      if ("kind" in why) this.failed(why);
      else say(reason(why), true);
    } finally {
      $("start").removeAttribute("disabled");
    }
  }

  /** @param {MediaStreamTrack} used */
  async #offerCameras(used) {
    const found = await cameras(), { deviceId } = used.getSettings();
    $("cameras").hidden = found.length < 2;
    $("camera").replaceChildren(...found.map(({ id, label }) => element("option", { value: id, textContent: label, selected: id === deviceId })));
  }

  /** Paint a photo or a film. @param {File} file */
  async open(file) {
    if (file.type.startsWith("video/") || /\.(mkv|mov|mp4|m4v|webm)$/i.test(file.name)) return this.film(file);
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      return say(word("no_picture", { file: file.name }), true);
    }
    await this.#leave("photo");
    say(word("painting"));
    try {
      await this.#wear();
      await this.#still(picture);
      this.#showRunning();
      say("");
    } catch (error) {
      await this.stop();
      this.failed(/** @type {Error} */ (error));
    }
  }

  /** Show the first frame of a film, so that its look can be chosen. @param {File} file */
  async film(file) {
    await this.#leave("film");
    say(word("looking", { file: file.name }));
    try {
      await this.#wear();
      const film = await this.studio.ask("openFilm", [file]);
      this.#film = { file, extension: film.extension };
      this.#showCanvas(true, film.width, film.height);
      this.#showRunning();
      say(film.lost ? word("film_sound", { file: file.name }) : word("film_opened", { file: file.name }), film.lost > 0);
    } catch (error) {
      const { why, message } = /** @type {any} */ (error);
      await this.stop();
      if (why) say(word(why, { file: file.name, codec: message }), true);
      else this.failed(/** @type {Error} */ (error));
    }
  }

  /** @type {{ file: File, extension: string } | null} */ #film = null;

  /** Paint the film that is open. */
  async paintFilm() {
    const film = this.#film;
    if (!film) return;
    const name = `${film.file.name.replace(/\.[^.]*$/, "")} ${word("film_name")}${film.extension}`;
    const target = await Target.choose(name, film.extension);
    if (!target) return;
    this.#showPainting(true);
    this.studio.onProgress = ({ share, left }) => {
      const percent = Math.floor(100 * share);
      /** @type {HTMLProgressElement} */ ($("progress")).value = share;
      say(left === null ? word("film_at", { file: film.file.name, percent }) : word("film_left", { file: film.file.name, percent, left: duration(left) }));
    };
    try {
      const whole = await this.studio.ask("paintFilm", [target.handle]);
      if (!whole) await target.discard();
      const made = whole && await target.made();
      if (made) save(made, name);
      if (this.#film === film) say(whole ? word("film_ready", { file: name }) : "");
    } catch (error) {
      await target.discard();
      if (this.#film === film) say(word("film_failed", { file: film.file.name, why: /** @type {Error} */ (error).message }), true);
    } finally {
      this.#showPainting(false);
    }
  }

  /** @param {boolean} painting */
  #showPainting(painting) {
    for (const each of document.querySelectorAll("#settings, header select")) each.toggleAttribute("inert", painting);
    $("progress").hidden = !painting;
    /** @type {HTMLProgressElement} */ ($("progress")).value = 0;
    $("paint").hidden = painting || this.#kind !== "film";
    $("stop").textContent = word(painting ? "cancel" : "stop");
    $("stop").dataset.word = painting ? "cancel" : "stop";
    this.#painting = painting;
  }

  #painting = false;

  /** End what is painted now. @param {"scene" | "photo" | "camera" | "film"} next */
  async #leave(next) {
    if (this.#recording) await this.record();
    this.#film = null;
    this.#camera?.stop(); // phones open one at a time
    this.#camera = null;
    this.#kind = next;
    $("cameras").hidden = true;
    if (this.#begun) await this.studio.ask("stop");
  }

  /** Back to the scene; a film that is being painted is cancelled first. */
  async stop(why = "", wrong = false) {
    if (this.#painting) return this.studio.ask("cancelFilm");
    await this.#leave("scene");
    this.#showRunning();
    say(why, wrong);
    await this.changed({});
    if (why) say(why, wrong);
  }

  async snapshot() {
    const name = this.#name("png");
    save(await this.studio.ask("snapshot"), name);
    say(word("saved", { file: name }));
  }

  async record() {
    const recording = this.#recording;
    this.#recording = null;
    if (recording) {
      this.#showRecording(false);
      const name = this.#name(recording.kind);
      save(await recording.end(), name);
      return say(word("saved", { file: name }));
    }
    try {
      this.#recording = await Recording.begin(this.#canvas, this.store.now.microphone);
      this.#showRecording(true);
    } catch (error) {
      console.warn(error);
      say(word("no_recording"), true);
    }
  }

  /** By the style and the local time. @param {string} kind */
  #name(kind) {
    const { title } = /** @type {any} */ (this.store.named(this.store.now.style));
    return `${title.replace(/[\\/:*?"<>|]/g, " ")} ${stamp()}.${kind}`;
  }

  saveLook() {
    const name = `${this.#name("json")}`;
    save(new Blob([JSON.stringify(this.store.preset(), null, 2)], { type: "application/json" }), name);
    const own = this.store.parts().map((part) => this.store.named(part.name)).find((style) => style?.own);
    say(own ? word("saved_without", { file: name, title: own.title }) : word("saved", { file: name }));
  }

  /**
   * @param {Error} error
   * @param {string} style that was asked for
   */
  failed(error, style = this.store.now.style) {
    console.error(error);
    const loaded = "kind" in error && error.kind === "NotLoaded";
    const { title } = /** @type {any} */ (this.store.named(style));
    say(loaded ? word("no_network", { what: readable({ title }) }) : word("broken", { why: error.message }), true);
  }

  /** @param {boolean} running */
  #showRecording(running) {
    $("record").setAttribute("aria-pressed", String(running));
    $("record").textContent = word(running ? "record_stop" : "record");
  }

  #showRunning() {
    const running = this.#kind !== "scene";
    $("begin").hidden = running;
    $("actions").hidden = !running;
    $("record").hidden = this.#kind !== "camera";
    $("figures").hidden = this.#kind !== "camera";
    $("paint").hidden = this.#kind !== "film";
    if (running && document.activeElement === document.body) $("stop").focus({ preventScroll: true });
  }

  /**
   * @param {boolean} shown
   * @param {number} width
   * @param {number} height
   */
  #showCanvas(shown, width = 4, height = 3) {
    $("picture").hidden = !shown;
    $("preview").hidden = shown;
    $("frame").style.setProperty("--shape", `${width} / ${height}`);
    showDivider(this.store);
  }
}

/** In words. @param {number} seconds */
function duration(seconds) {
  return seconds < 90 ? word("seconds", { number: Math.ceil(seconds) }) : word("minutes", { number: Math.round(seconds / 60) });
}

/** @param {Stage} stage */
export function bindStage(stage) {
  $("paint").addEventListener("click", () => stage.paintFilm());
  $("start").addEventListener("click", () => stage.start());
  $("stop").addEventListener("click", async () => {
    await stage.stop();
    $("start").focus();
  });
  $("open").addEventListener("click", () => input("file").click());
  $("file").addEventListener("change", () => {
    const [file] = input("file").files ?? [];
    if (file) stage.open(file);
    input("file").value = "";
  });
  $("snapshot").addEventListener("click", () => stage.snapshot());
  $("record").addEventListener("click", () => stage.record());
  $("save-look").addEventListener("click", () => stage.saveLook());
  $("camera").addEventListener("change", () => stage.start(input("camera").value));
  $("full").hidden = !document.fullscreenEnabled;
  $("full").addEventListener("click", () => $("frame").requestFullscreen());
}
