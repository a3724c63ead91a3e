// The page's words: one file a language.

export const LANGUAGES = ["en", "de"];

/** @type {Record<string, string>} */
let words = {};

/** @type {string} */
export let language = LANGUAGES[0];

/** The language of the browser that there are words in. */
export function usual() {
  const wanted = navigator.languages.map((each) => each.slice(0, 2));
  return wanted.find((each) => LANGUAGES.includes(each)) ?? LANGUAGES[0];
}

/**
 * Load a language, and say everything that stands in the page in it.
 * @param {string} name
 */
export async function speak(name) {
  words = await (await fetch(`words/${name}.json`)).json();
  language = name;
  document.documentElement.lang = name;
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-word]"))) {
    each.textContent = word(each.dataset.word ?? "");
  }
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-label]"))) {
    each.setAttribute("aria-label", word(each.dataset.label ?? ""));
  }
}

/**
 * The words called `name`, with `values` in their places.
 * @param {string} name
 * @param {Record<string, string | number>} values
 */
export function word(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

/** @param {string} name */
export function known(name) {
  return name in words;
}
