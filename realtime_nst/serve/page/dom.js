// Elements of the page, and what is said on it.

/** @type {(id: string) => any} */
export const $ = (id) => document.getElementById(id);

export function element(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

export function say(text, wrong = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", wrong && text !== "");
}

// Hand a file to the viewer. An error that is shown stays.
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  if (!$("message").classList.contains("error")) say(`Saved ${name}`);
}
