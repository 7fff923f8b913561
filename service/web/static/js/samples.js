// Blind samples: a cut-out, and what a person keys from it. What was read never comes to this page.
//
// A tick is one key: where one option is asked for, or a seal or a signature, the number says it and the next sample comes. What is
// written is written at once, without a key before it, and Enter says it.

import { get, send } from "./api.js";
import { $, h, isWriting } from "./dom.js";
import { bind } from "./keys.js";
import { makeWidget } from "./review/widgets.js";
import { say, tell } from "./toast.js";

let now = null, widget = null, busy = false, seen = 0, since = null;

// ---- how long it is looked at, while the page is in front --------------------------------------------------------------------------

const front = () => !document.hidden && document.hasFocus();

function tick() {
  if (since !== null) seen += (performance.now() - since) / 1000;
  since = front() ? performance.now() : null;
}
for (const name of ["visibilitychange", "focus", "blur"]) (name === "visibilitychange" ? document : window).addEventListener(name, tick);

// ---- what is asked -----------------------------------------------------------------------------------------------------------------

/** Whether one key answers: of several options only one may hold, or a mark is judged. */
const isOneKey = () => now?.asked.widget === "mark" || (now?.asked.widget === "options" && now.asked.max === 1);

const isText = () => now && !["mark", "options"].includes(now.asked.widget);

function picture(src, at) {
  const image = h("img", { src, alt: `${now.asked.title}的原件${at ? `，第 ${at + 1} 处` : ""}`, decoding: "async" });
  const box = h("div", { class: "cutout" }, image);
  image.addEventListener("error", () => box.replaceChildren(h("p", { class: "soft" }, "这一处没有图片。看不到原件的，请按“看不清”。")));
  return box;
}

function show({ items, waiting, minutes, most_minutes: most }) {
  now = items[0] ?? null;
  $("#left").textContent = most ? `待录 ${waiting} 项；今天已用 ${minutes.toFixed(1)} 分钟，至多 ${most} 分钟` : "抽查没有启用";
  $("#sample").hidden = !now;
  $("#done").hidden = Boolean(now);
  $("#done").textContent = waiting ? "今天的时间用完了，剩下的明天再录。" : "现在没有要录的。每天自动抽取一次。";
  $("#why").hidden = true;
  if (!now) return;
  $("#of").textContent = `${now.form}${{ twice: " · 双人录入", back: " · 收紧后回查" }[now.purpose] ?? ""}${now.again ? " · 再录一次" : ""}`;
  $("#asked").textContent = now.asked.title;
  $("#pictures").replaceChildren(...(now.pictures.length ? now.pictures.map(picture) : [h("p", { class: "soft" }, "原件上没有找到这一栏的位置。")]));
  const settings = { id: "keyed", label: now.asked.title, editable: true, changed, editing: () => {} };
  widget = makeWidget(now.asked, settings);
  widget.show(null, "");
  $("#answer").replaceChildren(widget.element);
  $("#confirm").hidden = isOneKey();
  if (isText()) widget.edit(); else widget.focus();
  for (const next of items.slice(1)) for (const src of next.pictures) new Image().src = src; // fetched while this one is keyed
  seen = 0;
  since = front() ? performance.now() : null;
}

/** A click on the one option that is asked for answers, as its key does. */
function changed() {
  $("#why").hidden = true;
  if (isOneKey() && !busy && !widget.isEmpty()) confirm();
}

// ---- answering ---------------------------------------------------------------------------------------------------------------------

async function keyed(what) {
  if (!now || busy) return;
  busy = true;
  tick();
  try {
    show(await send("POST", `/proof/samples/${now.id}/answer`, { ...what, seconds: Math.round(seen * 10) / 10 }));
  } catch (problem) {
    if (problem.status === 422) {
      $("#why").textContent = problem.sentence;
      $("#why").hidden = false;
      if (isText()) widget.edit();
    } else if (problem.status === 409 || problem.status === 404) {
      say(problem.sentence, { kind: "info" });
      await load();
    } else tell(problem);
  } finally { busy = false; }
}

function confirm() {
  if (!widget.isEmpty()) return keyed(widget.answer());
  $("#why").textContent = "还没有录入。原件上确实没有填写的，请按“没有填写”";
  $("#why").hidden = false;
  return null;
}

const nothing = () => keyed({ value: null });
const illegible = () => keyed({ legible: false });

const onAnswer = (at) => Boolean(now) && !at.closest("a, button, summary");
const hasChoice = (number) => Boolean(widget && number <= widget.choices.length);

bind("抽查", [
  { name: "confirm", keys: ["Enter"], does: "确定，到下一项", run: confirm, writing: true, when: (at) => onAnswer(at) && !isOneKey() },
  { name: "nothing", keys: ["0", "Alt+0"], does: "原件上没有填写", run: nothing, writing: true, own: true, when: () => Boolean(now) && now.asked.widget !== "mark" },
  { name: "illegible", keys: ["x", "Alt+x"], does: "看不清，请别人再录", run: illegible, writing: true, when: () => Boolean(now) },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
    name: `pick-${number}`, keys: [String(number)], does: number === 1 ? "选第几项（1–9）；只能选一项的，选了就到下一项" : null,
    run: () => widget.pick(number), own: true, when: (at) => Boolean(now) && !isWriting(at) && hasChoice(number),
  })),
]);

$("#confirm").addEventListener("click", confirm);
$("#nothing").addEventListener("click", nothing);
$("#illegible").addEventListener("click", illegible);

async function load() {
  try { show(await get("/proof/samples")); } catch (problem) { tell(problem); }
}

load();
