// The page begins here: what it offers, what was kept of an earlier visit, and who listens to what.

import { bindControls } from "./controls.js";
import { bindDivider } from "./divider.js";
import { takeDrops } from "./drop.js";
import { keep, kept } from "./keep.js";
import { workOffline } from "./offline.js";
import { $, input, say } from "./page.js";
import { Store } from "./settings.js";
import { bindStage, Stage } from "./stage.js";
import { Studio } from "./studio.js";
import { nameOf, showTiles, shrunk } from "./tiles.js";
import { LANGUAGES, speak, usual, word } from "./words.js";

const [offered, before] = await Promise.all([fetch("styles.json").then((answer) => answer.json()), kept()]);
const store = new Store(offered);
await speak(LANGUAGES.includes(before.get("language")) ? before.get("language") : usual());
input("language").value = document.documentElement.lang;

for (const [name, value] of before) {
  if (name.startsWith("picture ") && offered.painter) store.offered.styles.push(asStyle(value));
}
const whole = store.restore({ ...before.get("settings"), ...brought() });
const stage = new Stage(store, new Studio());

/** @param {{ name: string, title: string, own: Blob }} picture */
function asStyle({ name, title, own }) {
  return { name, title, own, artist: "", speed_class: "", blends_in: "pictures", network: null, painting: null, picture: null };
}

/** The settings of the page that paints on the server, if the viewer comes from there. */
function brought() {
  const text = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  try {
    return text ? JSON.parse(decodeURIComponent(text)) : {};
  } catch {
    return {};
  }
}

/** Paint like a picture of the viewer's. @param {File} file */
async function bring(file) {
  say(word("looking", { file: file.name }));
  let own;
  try {
    own = await shrunk(file);
  } catch {
    return say(word("no_picture", { file: file.name }), true);
  }
  const name = await nameOf(own);
  if (!store.named(name)) store.add(asStyle({ name, title: file.name.replace(/\.[^.]*$/, ""), own }));
  showTiles(store, bring);
  store.set({ style: name });
}

function showAll() {
  showTiles(store, bring);
  bindControls(store);
}

showAll();
bindStage(stage);
bindDivider(store);
$("server").hidden = !offered.server;
$("server").setAttribute("href", offered.server);
$("server").addEventListener("click", () => {
  const { microphone, ...shared } = store.now;
  sessionStorage.setItem("realtime-nst look", JSON.stringify(shared));
});
takeDrops((file) => stage.open(file), bring);
$("language").addEventListener("change", async () => {
  await speak(input("language").value);
  keep("language", input("language").value);
  showAll();
  stage.say();
});
if (!whole) say(word("gone_style"), true);
document.documentElement.dataset.ready = "yes";

if (store.now.style !== store.begun.style || store.now.split !== null) stage.changed({ style: store.now.style });
await workOffline(() => stage.idle);
stage.begin().catch((error) => stage.failed(error));
