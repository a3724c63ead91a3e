// The service worker: it keeps the page for use without a network, and sends the headers that
// threads need where the host does not.

const TRIED = "realtime-nst reloaded";

/**
 * Reloads the page if that helps and `mayReload`: once isolated, it may use threads.
 * @param {() => boolean} mayReload
 */
export async function workOffline(mayReload) {
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  try {
    await started(await serviceWorker.register("service-worker.js", { updateViaCache: "none" }));
    if (!serviceWorker.controller) await new Promise((done) => serviceWorker.addEventListener("controllerchange", done, { once: true }));
    if (globalThis.crossOriginIsolated || sessionStorage.getItem(TRIED) || !mayReload()) return;
    sessionStorage.setItem(TRIED, "yes");
    location.reload();
    await new Promise(() => {}); // the rest is for the next page
  } catch (error) {
    console.info("not kept for use without a network:", error);
  }
}

/** `serviceWorker.ready` would wait for ever where the files are not those of the host's list. @param {ServiceWorkerRegistration} registration */
async function started({ installing, waiting, active }) {
  const worker = active ?? waiting ?? installing;
  while (worker && worker.state !== "activated" && worker.state !== "redundant") {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
  if (worker?.state !== "activated") throw new Error("the host's files are not those that it lists");
}
