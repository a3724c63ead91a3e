// What outlasts a reload: settings and the viewer's own pictures, in the browser's database.

const NAME = "realtime-nst", STORE = "kept";

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function ask(mode, work) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return new Promise((done, fail) => {
    const request = work(store);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/**
 * Where the browser forbids it or there is no room, it is lost.
 * @param {string} name
 * @param {unknown} value
 */
export async function keep(name, value) {
  try {
    await ask("readwrite", (store) => store.put(value, name));
  } catch { /* see above */ }
}

/** @param {string} name */
export async function forget(name) {
  try {
    await ask("readwrite", (store) => store.delete(name));
  } catch { /* nothing was kept */ }
}

/** All that was kept, by name. @returns {Promise<Map<string, any>>} */
export async function kept() {
  try {
    const [names, values] = await Promise.all([ask("readonly", (store) => store.getAllKeys()), ask("readonly", (store) => store.getAll())]);
    return new Map(names.map((name, at) => [String(name), values[at]]));
  } catch {
    return new Map();
  }
}
