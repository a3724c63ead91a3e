// ONNX Runtime: which of its builds to load, and whether the graphics card or the processor paints.

/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/** @typedef {"webgpu" | "wasm"} Provider */

const LIBRARIES = new URL("../libraries/", import.meta.url);

/** A graphics card that is worth trying. @param {boolean} emulated whether one made of software is */
async function graphicsCard(emulated) {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    return Boolean(adapter && (emulated || !adapter.info.isFallbackAdapter));
  } catch {
    return false;
  }
}

/** More threads than half the cores wait for each other where each core runs two. */
export function threads() {
  const cores = navigator.hardwareConcurrency || 1;
  if (!globalThis.crossOriginIsolated) return 1;
  return cores <= 4 ? cores : Math.min(8, Math.ceil(cores / 2));
}

/** ONNX Runtime on one provider. */
export class Engine {
  /**
   * @param {Ort} ort
   * @param {Provider} provider
   */
  constructor(ort, provider) {
    this.ort = ort;
    this.provider = provider;
  }

  /** @param {Uint8Array} model */
  open(model) {
    return this.ort.InferenceSession.create(model, { executionProviders: [this.provider] });
  }
}

/**
 * The engines of this machine, the most promising first. The build that suspends WebAssembly is
 * the smaller of the two for graphics cards; a machine without one needs neither.
 * @param {string | null} wanted the name of a provider, or null for all that there are
 * @returns {Promise<Engine[]>}
 */
export async function engines(wanted) {
  const card = wanted !== "wasm" && await graphicsCard(wanted === "webgpu");
  const build = !card ? "ort.wasm" : "Suspending" in WebAssembly ? "ort.jspi" : "ort.webgpu";
  /** @type {Ort} */
  const ort = await import(new URL(`${build}.min.mjs`, LIBRARIES).href);
  ort.env.wasm.numThreads = threads();
  ort.env.wasm.wasmPaths = LIBRARIES.href;
  const all = /** @type {Provider[]} */ (card ? ["webgpu", "wasm"] : ["wasm"]);
  return all.filter((each) => !wanted || each === wanted || !card).map((each) => new Engine(ort, each));
}

/**
 * The engine on which `paint` takes the least time; one that fails is left out.
 * @param {Engine[]} found
 * @param {(engine: Engine) => Promise<void>} paint
 */
export async function fastest(found, paint) {
  if (found.length === 1) return found[0];
  let best = found[found.length - 1], least = Infinity;
  for (const engine of found) {
    try {
      await paint(engine); // compiles
      const began = performance.now();
      await paint(engine);
      const taken = performance.now() - began;
      if (taken < least) [best, least] = [engine, taken];
    } catch (error) {
      console.warn(`${engine.provider} cannot be used:`, error);
    }
  }
  return best;
}
