// What outlasts a reload.

const KEPT = "realtime-nst ";

export function keep(name, value) {
  try {
    sessionStorage.setItem(KEPT + name, JSON.stringify(value));
  } catch { /* there is no room, or the browser forbids it: then it is lost */ }
}

export function kept() {
  try {
    return Object.entries(sessionStorage).filter(([name]) => name.startsWith(KEPT))
      .map(([name, text]) => [name.slice(KEPT.length), JSON.parse(text)]);
  } catch {
    return [];
  }
}

export async function asText(picture) {
  return btoa(Array.from(new Uint8Array(await picture.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
}

export function asPicture(text) {
  return new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}
