// What all parts of the page share.

/** @type {Record<string, any>} */
export const state = {
  offered: null, // by the server: styles, choices, limits
  begun: null, // the settings that a session begins with
  look: {}, // the settings that the page shows
  latest: null, // the look that the server applied last
  session: null,
};

export function named(name) {
  return state.offered.styles.find((style) => style.name === name);
}
