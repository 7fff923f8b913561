// The keyboard: every page registers its commands here, so that one place knows when a key is a command, `?` can list them all, and a
// key that is shown somewhere always does what it stands beside.
//
//   bind("收件箱", [
//     { name: "next", keys: ["j", "ArrowDown"], does: "下一份", run: () => move(1) },
//     { name: "accept", keys: ["Ctrl+Enter"], does: "受理并打开下一份", run: accept, writing: true },   // inside an input too
//     { name: "open", keys: ["Enter"], does: "打开", run: open, when: (at) => isRow(at) },          // `at` has the focus
//   ]);                                                                               // gives a function that takes them off again
//
//   <kbd data-key="accept"></kbd>     // filled with the key that runs `accept` at this moment, hidden while there is none
//
// A key is named as KeyboardEvent.key ("Enter", "ArrowDown", "j"), with "Ctrl+", "Alt+", "Shift+" before it. One character by itself is
// never a command where one writes: there it is text. Keys that an input method is composing with are never commands; where a Chinese
// input method gives a full-width sign or hides the letter, the key is told by its place. Commands of single characters can be switched
// off on the help sheet (WCAG 2.1.4), except those that belong to what has the focus (`own: true`). While a dialog is open, only the
// commands that say `dialog: true` hold. A <kbd> inside an element with data-keys-here is shown while the focus is in there.

import { $, $$, h, isWriting } from "./dom.js";

const groups = [];
const WIDE = { "？": "?", "／": "/", "、": "/", "。": ".", "，": "," };
const SHOWN = {
  ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Enter: "Enter", Escape: "Esc", " ": "空格", Delete: "Delete",
};
// What can change the meaning of a key without a key being pressed.
const TELLING = ["readonly", "disabled", "hidden", "open", "data-key", "class"];

/** Register commands under a heading of the help sheet; gives a function that takes them off. */
export function bind(title, commands) {
  const group = { title, commands };
  groups.unshift(group); // the newest is asked first
  paintSoon();
  return () => {
    const at = groups.indexOf(group);
    if (at >= 0) groups.splice(at, 1);
    paintSoon();
  };
}

/** Whether single letters are commands. */
export function lettersOn() {
  try { return localStorage.getItem("sealform.letters") !== "off"; } catch { return true; }
}

function named(event) {
  let key = WIDE[event.key] ?? event.key;
  // An input method that is switched on hides the key outside an input, where it composes nothing; so does Alt where it makes signs.
  const behind = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(event.code);
  if ((key === "Process" || event.keyCode === 229 || event.altKey) && behind) key = behind[1]?.toLowerCase() ?? behind[2];
  const shift = event.shiftKey && key.length > 1 ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** The command that the key `name` runs while `at` has the focus; undefined: it has the browser's own meaning. */
function commandOf(name, at) {
  const writing = isWriting(at), dialog = Boolean($("dialog[open]"));
  const isMeant = (command) => command.keys.includes(name) && Boolean(command.dialog) === dialog
    && (!writing || (command.writing && name.length > 1))
    && (name.length > 1 || command.own || lettersOn())
    && (!command.when || Boolean(command.when(at)));
  for (const { commands } of groups) {
    const found = commands.find(isMeant);
    if (found) return found;
  }
  return undefined;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || (isWriting(event.target) && (event.isComposing || event.keyCode === 229))) return;
  const name = named(event);
  // With the lock for capitals on, a letter is still the command of the small one.
  const command = commandOf(name, event.target) ?? (event.shiftKey ? undefined : commandOf(name.replace(/[A-Z]$/, (letter) => letter.toLowerCase()), event.target));
  if (!command) return;
  event.preventDefault();
  command.run(event);
});

// ---- what is shown of them -------------------------------------------------------------------------------------------------------

let painting = 0;

function paintSoon() {
  painting ||= requestAnimationFrame(paint);
}

/** Writes into each <kbd data-key> the key that does what it says now. */
function paint() {
  painting = 0;
  const at = document.activeElement ?? document.body;
  for (const place of $$("kbd[data-key]")) {
    const here = place.closest("[data-keys-here]");
    const key = here && !here.contains(at) ? undefined : keyOf(place.dataset.key, at);
    const words = key ? spoken(key) : "";
    if (place.textContent !== words) place.textContent = words;
    place.hidden = !key;
    place.ariaHidden = "true"; // whoever hears the page is told by aria-keyshortcuts
    const host = place.closest("button, a, label");
    if (!host) continue;
    if (key) host.setAttribute("aria-keyshortcuts", heard(key));
    else host.removeAttribute("aria-keyshortcuts");
  }
  watching.takeRecords(); // what was painted just now
}

function keyOf(name, at) {
  const keys = groups.flatMap(({ commands }) => commands.filter((command) => command.name === name)).flatMap((command) => command.keys);
  return keys.find((key) => commandOf(key, at)?.name === name);
}

const watching = new MutationObserver(paintSoon);
watching.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: TELLING });
addEventListener("focusin", paintSoon);
addEventListener("focusout", paintSoon);

/** Show the keys of this page; a second call closes the sheet. */
export function help() {
  const sheet = $("#keys");
  if (sheet.open) return sheet.close();
  const list = groups.map(({ title, commands }) => [title, commands.filter((one) => one.does)]).filter(([, commands]) => commands.length)
    .map(([title, commands]) => h("section", {}, h("h3", {}, title), h("dl", {}, commands.map(row))));
  $("#keys-list").replaceChildren(...list.reverse());
  const letters = $("#keys-letters");
  letters.checked = lettersOn();
  letters.onchange = () => { localStorage.setItem("sealform.letters", letters.checked ? "on" : "off"); paintSoon(); };
  return sheet.showModal();
}

function row({ keys, does }) {
  return h("div", {}, h("dt", {}, keys.map((key, at) => [at ? " / " : null, written(key)])), h("dd", {}, does));
}

const parts = (key) => (key === "+" ? ["+"] : key.split("+")).map((part) => SHOWN[part] ?? part);
const written = (key) => parts(key).map((part, at) => [at ? "+" : null, h("kbd", {}, part)]);
const heard = (key) => key.replace("Ctrl", "Control").replace(" ", "Space");
const spoken = (key) => parts(key).join("+");
