// Short messages of what was done, with a way back instead of a question beforehand.
//
//   say("已受理 3 份", { undo: () => reopen(items) });       // stays longer; the key z undoes the newest, which shows it
//   tell(problem);                                          // an error stays until it is closed
//
// The two regions stand in base.html, so that screen readers know them before the first message: polite, and for errors assertive.

import { $, h, icon } from "./dom.js";

const USUAL_MS = 5000, UNDO_MS = 12_000, MOST = 4;
const shown = [];

/** Say `text`. `kind`: "done" | "info" | "error"; `undo`: what to call when the user takes it back. Gives { close }. */
export function say(text, { kind = "done", undo = null, undoLabel = "撤销", ms = null } = {}) {
  const region = $(kind === "error" ? "#alerts" : "#messages");
  const toast = { undo: null, close, kbd: null };
  const close_ = h("button", { type: "button", class: "quiet small", "aria-label": "关闭这条提示", onclick: close }, icon("close"));
  const back = undo && h("button", { type: "button", class: "small", onclick: take }, undoLabel, h("kbd", { "data-key": "undo-newest" }));
  const element = h("div", { class: `toast ${kind}` }, icon({ done: "check", info: "info", error: "alert" }[kind]), h("p", {}, text), back, close_);
  const life = ms ?? (kind === "error" ? Infinity : undo ? UNDO_MS : USUAL_MS);
  let timer = 0;
  const start = () => { if (life !== Infinity) timer = setTimeout(close, life); };
  const hold = () => clearTimeout(timer);

  function close() {
    hold();
    const at = shown.indexOf(toast);
    if (at >= 0) shown.splice(at, 1);
    element.remove();
    markNewest();
  }

  async function take() {
    close();
    try { await undo(); } catch (problem) { tell(problem); }
  }

  if (undo) Object.assign(toast, { undo: take, kbd: $("kbd", back) });
  // Nobody loses a message while reading or reaching for it.
  element.addEventListener("mouseenter", hold);
  element.addEventListener("mouseleave", start);
  element.addEventListener("focusin", hold);
  element.addEventListener("focusout", start);
  shown.push(toast);
  region.append(element);
  while (shown.length > MOST) shown[0].close();
  markNewest();
  start();
  return toast;
}

/** Say what went wrong: a Problem, or any error. */
export function tell(problem) {
  if (problem?.name === "AbortError") return null;
  if (problem?.name !== "Problem") console.error(problem);
  return say(problem?.sentence ?? "页面出错了。请刷新后再试", { kind: "error" });
}

const newest = () => shown.findLast((toast) => toast.undo);

/** The key stands on the message that it undoes, and on no other. */
function markNewest() {
  for (const toast of shown) if (toast.kbd) toast.kbd.dataset.key = toast === newest() ? "undo-newest" : "";
}

/** Whether a message with a way back is shown. */
export const canUndo = () => Boolean(newest());

/** Undo what the newest message with a way back told; false where there is none. */
export function undoNewest() {
  const told = newest();
  told?.undo();
  return Boolean(told);
}
