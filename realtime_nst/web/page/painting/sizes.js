// At which size a picture is painted: as realtime_nst/sizes.py, but always in multiples of 8.

const STYLE_LINES = 480;
const MOST_ENLARGED = 4, MOST_PIXELS = 2 ** 23;
const MULTIPLE = 8, LEAST = 64;
const FACTORS = /** @type {Record<string, number>} */ ({ auto: 1, bold: 2 });

/**
 * The width and height that a picture is painted at, `scale` being less than 1 where the machine
 * cannot keep up.
 * @param {number} width
 * @param {number} height
 * @param {string} brush a name or a factor of auto, as `Look.brush`
 */
export function paintedSize(width, height, brush, scale = 1) {
  const asked = Math.min(STYLE_LINES / Math.min(width, height), MOST_ENLARGED) / (FACTORS[brush] ?? Number(brush));
  const room = Math.max(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const times = Math.min(asked, room) * scale;
  const side = (/** @type {number} */ pixels) => Math.max(LEAST, Math.round((pixels * times) / MULTIPLE) * MULTIPLE);
  return { width: side(width), height: side(height) };
}
