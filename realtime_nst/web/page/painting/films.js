// Paints films: every frame, at its time, with the sound's packets as they are.

/** @typedef {import("mediabunny").InputVideoTrack} VideoTrack */
/** @typedef {import("mediabunny").InputAudioTrack} AudioTrack */
/** @typedef {import("mediabunny").EncodedPacket} Packet */
/** @typedef {typeof import("mediabunny")} Bunny */

const KEY_EVERY = 2; // seconds
const TOLD_EVERY = 250; // milliseconds

/** A film cannot be painted; `word` names why in the page's words. */
export class Unpaintable extends Error {
  /**
   * @param {string} word
   * @param {string} codec
   */
  constructor(word, codec = "") {
    super(codec);
    this.word = word;
  }
}

/** @returns {Promise<Bunny>} */
function library() {
  return import(new URL("../libraries/mediabunny.mjs", import.meta.url).href);
}

export class Film {
  /**
   * @param {Bunny} bunny
   * @param {import("mediabunny").Input} input
   * @param {VideoTrack} video
   * @param {AudioTrack[]} sounds
   * @param {{ width: number, height: number }} size upright, with square pixels, even sides
   * @param {number} end in seconds
   */
  constructor(bunny, input, video, sounds, size, end) {
    this.bunny = bunny;
    this.input = input;
    this.video = video;
    this.sounds = sounds;
    this.size = size;
    this.end = end;
    this.cancelled = false;
    this.canvas = new OffscreenCanvas(size.width, size.height);
    this.context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
  }

  /** Throws Unpaintable. @param {File} file */
  static async open(file) {
    const bunny = await library();
    const input = new bunny.Input({ source: new bunny.BlobSource(file), formats: bunny.ALL_FORMATS });
    const video = await input.getPrimaryVideoTrack().catch(() => null);
    if (!video) throw new Unpaintable("film_none");
    if (!await video.canDecode()) throw new Unpaintable("film_codec", (await video.getCodec()) ?? "?");
    const even = (/** @type {number} */ side) => Math.max(2, 2 * Math.round(side / 2));
    const size = { width: even(await video.getDisplayWidth()), height: even(await video.getDisplayHeight()) };
    const sounds = await input.getAudioTracks();
    return new Film(bunny, input, video, sounds, size, await video.computeDuration());
  }

  /** The first frame. */
  async first() {
    for await (const sample of new this.bunny.VideoSampleSink(this.video).samples()) {
      this.#draw(sample);
      sample.close();
      break;
    }
    return createImageBitmap(this.canvas);
  }

  /** @param {import("mediabunny").VideoSample} sample */
  #draw(sample) {
    this.context.imageSmoothingQuality = "high";
    sample.draw(this.context, 0, 0, this.size.width, this.size.height);
  }

  /**
   * Paint all of it into `writable`; `paint` gives the painting of what `canvas` shows at a time.
   * False if it was cancelled.
   * @param {FileSystemWritableFileStream} writable
   * @param {(canvas: OffscreenCanvas, seconds: number) => Promise<OffscreenCanvas>} paint
   * @param {(share: number) => void} tell
   */
  async paint(writable, paint, tell) {
    const { bunny, size } = this, { format, codec } = await this.#format();
    const output = new bunny.Output({ format, target: new bunny.StreamTarget(/** @type {any} */ (writable), { chunked: true }) });
    try {
      const pictures = new bunny.VideoSampleSource({ codec, bitrate: bunny.QUALITY_HIGH, keyFrameInterval: KEY_EVERY });
      output.addVideoTrack(pictures);
      const sounds = await this.#copied(output, format);
      await output.start();
      let told = 0;
      for await (const sample of new bunny.VideoSampleSink(this.video).samples()) {
        const { timestamp, duration } = sample;
        this.#draw(sample);
        sample.close();
        if (this.cancelled) break;
        await sounds(timestamp);
        const painted = new bunny.VideoSample(await paint(this.canvas, timestamp), { timestamp, duration });
        await pictures.add(painted);
        painted.close();
        if (performance.now() - told > TOLD_EVERY) {
          told = performance.now();
          tell(Math.min(1, (timestamp + duration) / this.end));
        }
      }
      if (this.cancelled) {
        await output.cancel();
        return false;
      }
      await sounds(Infinity);
      await output.finalize();
      return true;
    } catch (error) {
      await output.cancel().catch(() => {});
      throw error;
    }
  }

  /** The first format whose video this browser writes and that takes the sound as it is. */
  async #format() {
    const { bunny, size } = this, codecs = await Promise.all(this.sounds.map((sound) => sound.getCodec()));
    const formats = [new bunny.Mp4OutputFormat({ fastStart: false }), new bunny.WebMOutputFormat(), new bunny.MkvOutputFormat()];
    let fallback = null;
    for (const format of formats) {
      const codec = await bunny.getFirstEncodableVideoCodec(format.getSupportedVideoCodecs(), { ...size, bitrate: bunny.QUALITY_HIGH });
      if (!codec) continue;
      fallback ??= { format, codec };
      const known = /** @type {(string | null)[]} */ (format.getSupportedAudioCodecs());
      if (codecs.every((each) => known.includes(each))) return { format, codec };
    }
    if (!fallback) throw new Unpaintable("film_encoder");
    return fallback;
  }

  /** What the result is called after its name. */
  async extension() {
    return (await this.#format()).format.fileExtension;
  }

  /** How many sound tracks no format takes as they are. */
  async lost() {
    const known = /** @type {(string | null)[]} */ ((await this.#format()).format.getSupportedAudioCodecs());
    const codecs = await Promise.all(this.sounds.map((sound) => sound.getCodec()));
    return codecs.filter((each) => !known.includes(each)).length;
  }

  /**
   * A function that copies the packets of all sounds up to a time.
   * @param {import("mediabunny").Output} output
   * @param {import("mediabunny").OutputFormat} format
   */
  async #copied(output, format) {
    const { bunny } = this;
    const copies = await Promise.all(this.sounds.map(async (sound) => {
      const codec = await sound.getCodec(), decoderConfig = await sound.getDecoderConfig();
      if (!codec || !decoderConfig || !format.getSupportedAudioCodecs().includes(codec)) return null;
      const source = new bunny.EncodedAudioPacketSource(codec);
      output.addAudioTrack(source, { languageCode: await sound.getLanguageCode() });
      return { source, meta: { decoderConfig }, packets: new bunny.EncodedPacketSink(sound).packets(), next: /** @type {Packet | null} */ (null) };
    }));
    return async (/** @type {number} */ until) => {
      for (const copy of copies) {
        if (!copy) continue;
        for (;;) {
          copy.next ??= (await copy.packets.next()).value ?? null;
          if (!copy.next || copy.next.timestamp > until) break;
          await copy.source.add(copy.next, copy.meta);
          copy.next = null;
        }
      }
    };
  }

  close() {
    this.input.dispose();
  }
}
