// The networks that paint, find people and encode pictures, opened once and run on RGB bytes.

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./engine.js").Session} Session */
/** @typedef {{ file: string, multiple: number, minimum: number, styles: string[], encoder?: string }} Described */
/** @typedef {{ networks: Record<string, Described>, painter: string | null, person: string }} Offered */

const KEPT = 4; // sessions open at once; each takes tens of megabytes
const PAINTING_SIZE = 512; // as runtime/codes.py
const MASK = { width: 256, height: 144 };

export class NotLoaded extends Error {}

export class Networks {
  /** @type {Map<string, Promise<Session>>} */ #open = new Map();
  #busy = Promise.resolve();

  /**
   * @param {Engine} engine
   * @param {Offered} offered
   * @param {URL} home
   */
  constructor(engine, offered, home) {
    this.engine = engine;
    this.offered = offered;
    this.home = home;
  }

  /**
   * The painting of a picture whose sides are multiples of 8.
   * @param {string} name of the network
   * @param {Uint8Array} rgb
   * @param {number} width
   * @param {number} height
   * @param {Float32Array | null} code
   * @returns {Promise<Uint8Array>}
   */
  async paint(name, rgb, width, height, code) {
    const { Tensor } = this.engine.ort;
    const feeds = { frame: new Tensor("uint8", rgb, [1, height, width, 3]) };
    const coded = code && { code: new Tensor("float32", code, [1, code.length]), strength: new Tensor("float32", [1], [1]) };
    return this.#run(this.offered.networks[name].file, { ...feeds, ...coded }, "image");
  }

  /**
   * The code that tells a multi-style network to paint a blend of its styles.
   * @param {string} name
   * @param {{ name: string, weight: number }[]} parts
   */
  weights(name, parts) {
    const { styles } = this.offered.networks[name];
    return Float32Array.from(styles, (style) => parts.find((part) => part.name === style)?.weight ?? 0);
  }

  /**
   * The code of a picture to paint like.
   * @param {ImageBitmap} picture
   * @returns {Promise<Float32Array>}
   */
  async encode(picture) {
    const scale = PAINTING_SIZE / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
    const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const rgb = data.filter((_, place) => place % 4 < 3);
    const painter = this.offered.networks[/** @type {string} */ (this.offered.painter)];
    const painting = new this.engine.ort.Tensor("uint8", new Uint8Array(rgb), [1, height, width, 3]);
    return Float32Array.from(await this.#run(/** @type {string} */ (painter.encoder), { painting }, "code"));
  }

  /**
   * The share of person at each of MASK's pixels.
   * @param {Uint8ClampedArray} rgba a picture of MASK's size
   * @returns {Promise<Float32Array>}
   */
  async people(rgba) {
    const values = new Float32Array(MASK.width * MASK.height * 3);
    for (let from = 0, to = 0; to < values.length; from += 4) {
      for (let channel = 0; channel < 3; channel++) values[to++] = rgba[from + channel] / 255;
    }
    const input_1 = new this.engine.ort.Tensor("float32", values, [1, MASK.height, MASK.width, 3]);
    return this.#run(this.offered.person, { input_1 }, "segment_back");
  }

  /** Open a network before it is needed. @param {string} file */
  prepare(file) {
    return this.#session(file);
  }

  /**
   * A copy of the output, which then belongs to the caller. Sessions of one engine share its
   * memory and run one after another.
   * @param {string} file
   * @param {Record<string, import("onnxruntime-web").Tensor>} feeds
   * @param {string} output
   * @returns {Promise<any>}
   */
  async #run(file, feeds, output) {
    const session = await this.#session(file);
    const turn = this.#busy.then(async () => {
      const results = await session.run(feeds);
      const data = await results[output].getData();
      for (const each of Object.values(results)) each.dispose();
      for (const each of Object.values(feeds)) each.dispose();
      return data;
    });
    this.#busy = turn.then(() => {}, () => {});
    return turn;
  }

  /** @param {string} file */
  #session(file) {
    const open = this.#open.get(file) ?? this.#opened(file);
    this.#open.delete(file);
    this.#open.set(file, open); // the latest last
    open.catch(() => this.#open.delete(file));
    for (const oldest of [...this.#open.keys()].slice(0, -KEPT)) {
      this.#open.get(oldest)?.then((session) => this.#busy.then(() => session.release()), () => {});
      this.#open.delete(oldest);
    }
    return open;
  }

  /** @param {string} file */
  async #opened(file) {
    let model;
    try {
      const answer = await fetch(new URL(file, this.home));
      if (!answer.ok) throw new Error(String(answer.status));
      model = new Uint8Array(await answer.arrayBuffer());
    } catch {
      throw new NotLoaded(file);
    }
    return this.engine.open(model);
  }
}

Networks.MASK = MASK;
