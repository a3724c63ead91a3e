// Keeps the page's files, whole or not at all, and gives them out with the headers that threads need.

const STORE = "realtime-nst VERSION";
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" };
const scope = /** @type {any} */ (self);

/** @type {Promise<Record<string, string>> | null} */
let listed = null;

async function digests() {
  const stored = await (await caches.open(STORE)).match("files.json");
  return (await (stored ?? await fetch("files.json", { cache: "no-store" })).json()).files;
}

/** @param {ArrayBuffer} contents */
async function digest(contents) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", contents));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A file as the list says it is: from an earlier version's store where it has not changed.
 * @param {Cache} store
 * @param {string} name
 * @param {string} wanted its digest
 */
async function keep(store, name, wanted) {
  const earlier = await caches.match(name);
  for (const found of [earlier, () => fetch(name, { cache: "no-cache" })]) {
    const answer = typeof found === "function" ? await found() : found;
    if (!answer?.ok) continue;
    const contents = await answer.arrayBuffer();
    if (await digest(contents) !== wanted) continue;
    const headers = { ...HEADERS, "Content-Type": answer.headers.get("Content-Type") ?? "" };
    return store.put(name, new Response(contents, { headers }));
  }
  throw new Error(`${name} is not what the list says`);
}

scope.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const answer = await fetch("files.json", { cache: "no-store" });
    const { version, files, first } = await answer.clone().json();
    if (STORE !== `realtime-nst ${version}`) throw new Error("the host is in the middle of an update");
    const store = await caches.open(STORE);
    await Promise.all(first.map((/** @type {string} */ name) => keep(store, name, files[name])));
    await store.put("files.json", answer);
    await scope.skipWaiting();
  })());
});

scope.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const files = await digests(), store = await caches.open(STORE);
    for (const name of await caches.keys()) {
      if (name === STORE || !name.startsWith("realtime-nst ")) continue;
      for (const { url } of await (await caches.open(name)).keys()) { // what has not changed is taken over
        const path = url.slice(scope.registration.scope.length);
        if (path in files && !(await store.match(path))) await keep(store, path, files[path]).catch(() => {});
      }
      await caches.delete(name);
    }
    await scope.clients.claim();
  })());
});

/** @param {Request} request */
async function answer(request) {
  const { origin, pathname } = new URL(request.url), home = new URL(scope.registration.scope);
  if (request.method !== "GET" || origin !== home.origin || !pathname.startsWith(home.pathname)) return fetch(request);
  const name = pathname.slice(home.pathname.length) || "index.html";
  const store = await caches.open(STORE), stored = await store.match(name);
  if (stored) return stored;
  const files = await (listed ??= digests());
  if (!(name in files)) return fetch(request);
  try {
    await keep(store, name, files[name]);
  } catch {
    listed = null;
    return fetch(request);
  }
  return /** @type {Promise<Response>} */ (store.match(name));
}

scope.addEventListener("fetch", (/** @type {any} */ event) => event.respondWith(answer(event.request)));
