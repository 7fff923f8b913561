// The keyboard: every page registers its commands here, so that one place knows when a key is a command and `?` can list them all.
//
//   bind("收件箱", [
//     { keys: ["j", "ArrowDown"], does: "下一份", run: () => move(1) },
//     { keys: ["Ctrl+Enter"], does: "受理并打开下一份", run: accept, writing: true },     // works inside an input too
//     { keys: ["Enter"], does: "打开", run: open, when: () => isRowFocused() },           // when() false: the browser's own meaning
//   ]);                                                                               // gives a function that takes them off again
//
// A key is named as KeyboardEvent.key ("Enter", "ArrowDown", "j"), with "Ctrl+", "Alt+", "Shift+" before it; a letter alone means the
// key without Ctrl and Alt. Keys that an input method is composing with are never commands; where a Chinese input method gives a
// full-width sign or hides the letter, the key is told by its place. Single letters can be switched off on the help sheet (WCAG 2.1.4).

import { $, h, isWriting } from "./dom.js";

const groups = [];
const WIDE = { "？": "?", "／": "/", "、": "/", "。": ".", "，": "," };
const SHOWN = {
  ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Enter: "Enter", Escape: "Esc", " ": "空格", Delete: "Delete",
};

/** Register commands under a heading of the help sheet; gives a function that takes them off. */
export function bind(title, commands) {
  const group = { title, commands };
  groups.unshift(group); // the newest is asked first
  return () => groups.splice(groups.indexOf(group), 1);
}

/** Whether single letters are commands. */
export function lettersOn() {
  try { return localStorage.getItem("sealform.letters") !== "off"; } catch { return true; }
}

function named(event) {
  let key = WIDE[event.key] ?? event.key;
  // An input method that is switched on hides the letter outside an input, where it composes nothing.
  if ((key === "Process" || event.keyCode === 229) && /^Key[A-Z]$/.test(event.code)) key = event.code.slice(3).toLowerCase();
  const shift = event.shiftKey && key.length > 1 ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

addEventListener("keydown", (event) => {
  const writing = isWriting(event.target);
  if (event.defaultPrevented || (writing && (event.isComposing || event.keyCode === 229))) return;
  const name = named(event);
  const open = $("dialog[open]");
  for (const { commands } of open ? [] : groups) {
    for (const command of commands) {
      if (!command.keys.includes(name) || (writing && !command.writing)) continue;
      if (name.length === 1 && name !== "?" && !lettersOn()) continue;
      if (command.when && !command.when(event)) continue;
      event.preventDefault();
      command.run(event);
      return;
    }
  }
});

/** Show the keys of this page; a second call closes the sheet. */
export function help() {
  const sheet = $("#keys");
  if (sheet.open) return sheet.close();
  const list = groups.map(({ title, commands }) => h("section", {}, h("h3", {}, title), h("dl", {}, commands.filter((one) => one.does).map(row))));
  $("#keys-list").replaceChildren(...list.reverse());
  const letters = $("#keys-letters");
  letters.checked = lettersOn();
  letters.onchange = () => localStorage.setItem("sealform.letters", letters.checked ? "on" : "off");
  return sheet.showModal();
}

function row({ keys, does }) {
  return h("div", {}, h("dt", {}, keys.map((key, at) => [at ? " / " : null, written(key)])), h("dd", {}, does));
}

function written(key) {
  const parts = key === "+" ? ["+"] : key.split("+");
  return parts.map((part, at) => [at ? "+" : null, h("kbd", {}, SHOWN[part] ?? part)]);
}
