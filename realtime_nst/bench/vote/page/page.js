// Shows one question at a time. It knows no names of systems: the server tells none.

const $ = (selector) => document.querySelector(selector);
const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "same" };
const SIDES = ["photo", "painting", "left", "right"];

let question = null;
let busy = true; // a vote counts only when both pictures are on the page

async function request(path, body) {
  const answer = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok && answer.status !== 409) throw new Error(await answer.text());
  return answer.json();
}

async function act(path, body) {
  if (busy) return;
  setBusy(true);
  try {
    await show(await request(path, body));
    $("#message").textContent = "";
  } catch (error) {
    const gone = error instanceof TypeError;
    $("#message").textContent = gone
      ? "The command was ended; the votes until now are kept. Start it again to go on."
      : error.message;
  }
  setBusy(false);
}

async function show(state) {
  question = state.question;
  $("#count").textContent = `${state.answered} of ${state.total} answered`;
  $("#ask").hidden = !question;
  $("#done").hidden = Boolean(question);
  $("#undo").dataset.can = state.can_undo;
  if (!question) return $("#undo-last").focus();
  for (const side of SIDES) $(`#${side}`).src = `pictures/${question}/${side}`;
  await Promise.all(SIDES.map((side) => $(`#${side}`).decode()));
}

function setBusy(now) {
  busy = now;
  $("#ask").classList.toggle("loading", now);
  $("#ask").ariaBusy = now;
  $("#undo").disabled = now || $("#undo").dataset.can !== "true";
}

const vote = (choice) => question && act("votes", { question, choice });
const undo = () => act("undo", {});

for (const button of document.querySelectorAll("[data-choice]"))
  button.addEventListener("click", () => vote(button.dataset.choice));
for (const id of ["#undo", "#undo-last"]) $(id).addEventListener("click", undo);

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Backspace") undo();
  else if (KEYS[event.key]) vote(KEYS[event.key]);
  else return;
  event.preventDefault();
});

busy = false;
act("state");
