// One question across all submissions: a wall of cut-outs that are confirmed or corrected one by one or many at once.
//
// A tile that is settled stays where it is, so that nothing moves under the eye; it is gone at the next visit.

import { Outbox, get, send } from "./api.js";
import { $, h } from "./dom.js";
import { bind } from "./keys.js";
import { makeWidget } from "./review/widgets.js";
import { say, tell } from "./toast.js";
import { USER } from "./words.js";

const wall = $("#wall");
const { form, field } = wall.dataset;
const SETTLED = ["confirmed", "corrected"];
const PAGE = 60, MOST = 200;
let info = null, tiles = [], current = null, cursor = null, loading = false;

// ---- a tile ----------------------------------------------------------------------------------------------------------------------

class Tile {
  constructor(item) {
    this.item = item;
    this.selected = false;
    this.widget = makeWidget(info, { id: `answer-${item.submission}`, label: `${item.unit ?? item.name}：${info.title}`, changed: () => this.paint() });
    for (const control of this.widget.element.matches("input, textarea") ? [this.widget.element] : this.widget.element.querySelectorAll("input")) control.tabIndex = -1;
    this.note = h("p", { class: "tile-note small", role: "status" });
    this.others = h("div", { class: "alternatives" });
    this.why = h("p", { class: "small why-line" }, item.findings.map((finding) => finding.message).join("；"));
    this.element = h("article", { class: "tile", tabindex: -1, "data-submission": item.submission },
      h("header", { class: "row" }, h("h2", {}, item.unit ?? item.name), h("a", { class: "small end", href: `/submissions/${item.submission}`, tabindex: -1 }, "打开")),
      seenOf(item), this.why, this.widget.element, this.others, this.note);
    this.element.addEventListener("focusin", () => focused(this));
    this.element.addEventListener("click", (event) => {
      if (event.target.closest("a, button, input, textarea, label")) return;
      if (event.ctrlKey) this.select(!this.selected);
      this.element.focus({ preventScroll: true });
    });
    this.show();
  }

  get isSettled() {
    return SETTLED.includes(this.item.state);
  }

  get isDirty() {
    return JSON.stringify(this.widget.answer()) !== this.shown;
  }

  get change() {
    return { submission: this.item.submission, version: this.item.version, field, ...(this.isDirty ? this.widget.answer() : {}) };
  }

  show() {
    this.widget.show(this.item.value, this.item.text);
    this.shown = JSON.stringify(this.widget.answer());
    this.paint();
  }

  select(on) {
    this.selected = on;
    this.paint();
    paintHead();
  }

  paint(note = null) {
    this.element.classList.toggle("selected", this.selected);
    this.element.classList.toggle("settled", this.isSettled);
    this.element.classList.toggle("unsaved", this.isDirty);
    const state = this.busy ? "正在保存" : this.isDirty ? "未保存" : { confirmed: "已确认", corrected: "已更正" }[this.item.state] ?? "待核对";
    this.element.setAttribute("aria-label", `${this.item.unit ?? this.item.name}：${this.item.text ?? "空"}，${state}${this.selected ? "，已选" : ""}`);
    this.note.textContent = note ?? (this.isDirty || this.busy || this.isSettled ? state : "");
    this.others.replaceChildren(...this.alternatives.map((one, at) => h("button", { type: "button", class: "small", tabindex: -1, onclick: () => this.pick(at + 1, true) },
      h("kbd", {}, this.widget.pick ? `Alt+${at + 1}` : String(at + 1)), h("span", {}, one.text ?? "（空）"))));
  }

  get alternatives() {
    return this.item.alternatives.filter((one) => JSON.stringify(one.value) !== JSON.stringify(this.item.value)).slice(0, 9);
  }

  /** The key `number`; false where it means nothing here. */
  pick(number, alternative = false) {
    if (this.widget.pick && !alternative) return this.widget.pick(number);
    const chosen = this.alternatives[number - 1];
    if (!chosen) return false;
    this.widget.show(chosen.value, chosen.text);
    this.paint();
    return true;
  }
}

function seenOf({ crop, raw, unit, name }) {
  if (crop) return h("div", { class: info.widget === "area" ? "cutout long" : "cutout" }, h("img", { src: `${crop}${crop.includes("?") ? "&" : "?"}scale=2`, alt: `${unit ?? name}的原件`, loading: "lazy", decoding: "async" }));
  return raw ? h("p", { class: "raw" }, raw) : h("p", { class: "raw soft" }, "原件上没有找到这一栏");
}

// ---- the wall --------------------------------------------------------------------------------------------------------------------

async function load() {
  if (loading || cursor === "") return;
  loading = true;
  try {
    const { items, next } = await get(`/questions/${form}/${field}`, { cursor, limit: PAGE });
    cursor = next ?? "";
    const known = new Set(tiles.map((tile) => tile.item.submission));
    const made = items.filter((item) => !known.has(item.submission)).map((item) => new Tile(item));
    tiles.push(...made);
    wall.append(...made.map((tile) => tile.element));
    paintHead();
  } catch (problem) { tell(problem); } finally { loading = false; }
}

function paintHead() {
  const open = tiles.filter((tile) => !tile.isSettled).length, chosen = selection().length;
  $("#count").textContent = `${open}${cursor ? "+" : ""} 份待核对${chosen ? `，已选 ${chosen} 份` : ""}`;
  $("#confirm").firstChild.textContent = chosen ? `确认所选 ${chosen} 份 ` : "确认 ";
  $("#end").hidden = Boolean(open) || Boolean(cursor);
  $("#end").textContent = "这一题没有待核对的内容了。";
}

const selection = () => tiles.filter((tile) => tile.selected);

function focused(tile) {
  if (current === tile) return;
  if (current) current.element.tabIndex = -1;
  current = tile;
  tile.element.tabIndex = 0;
  if (tiles.indexOf(tile) > tiles.length - 20) load();
}

function to(tile) {
  if (!tile) return;
  tile.element.scrollIntoView({ block: "nearest", behavior: "instant" });
  tile.element.focus({ preventScroll: true });
}

function columns() {
  const top = tiles[0]?.element.offsetTop;
  const first = tiles.findIndex((tile) => tile.element.offsetTop !== top);
  return first < 0 ? tiles.length : first;
}

function move(by) {
  to(tiles[Math.min(tiles.length - 1, Math.max(0, tiles.indexOf(current) + by))]);
}

function onwards(after) {
  const at = tiles.indexOf(after);
  to([...tiles.slice(at + 1), ...tiles.slice(0, at + 1)].find((tile) => !tile.isSettled && !tile.busy) ?? after);
}

// ---- saving ----------------------------------------------------------------------------------------------------------------------

const outbox = new Outbox(`wall.${USER?.id}.${form}.${field}`, {
  send: ({ changes }) => send("PATCH", "/fields", { changes }),
  done: ({ changes }, { items }) => saved(changes, items),
  refused: ({ changes }, problem) => {
    if (problem.status === 401) return "keep";
    for (const change of changes) release(change.submission, problem.detail);
    tell(problem);
    return "drop";
  },
  state: (name, waiting) => {
    const line = $("#saving");
    line.textContent = !waiting ? "已保存" : name === "sending" ? "正在保存…" : "未保存，连接恢复后自动保存";
    line.className = `saving small ${waiting ? "waiting" : "saved"}`;
  },
});

const tileOf = (submission) => tiles.find((tile) => tile.item.submission === submission);

function release(submission, note) {
  const tile = tileOf(submission);
  if (!tile) return;
  tile.busy = false;
  tile.paint(note);
}

/** Confirms, or corrects where something was typed or chosen: what is selected, else the tile in focus. */
function settle() {
  const chosen = selection();
  const wanted = (chosen.length ? chosen : [current]).filter((tile) => tile && !tile.busy && (!tile.isSettled || tile.isDirty)).slice(0, MOST);
  if (!wanted.length) return onwards(current);
  const changes = wanted.map((tile) => tile.change);
  for (const tile of wanted) { tile.busy = true; tile.selected = false; tile.paint(); }
  outbox.push({ changes });
  paintHead();
  return onwards(current);
}

async function saved(changes, items) {
  const answers = new Map(items.map((item) => [item.submission, item]));
  const done = [], failed = [];
  for (const change of changes) {
    const answer = answers.get(change.submission), tile = tileOf(change.submission);
    if (answer?.problem) { failed.push(change.submission); await explain(change, answer.problem); continue; }
    done.push({ submission: change.submission, version: answer.version });
    if (!tile) continue;
    const before = tile.item;
    tile.busy = false;
    tile.item = { ...before, version: answer.version, state: "value" in change || "text" in change ? "corrected" : "confirmed",
      ...("value" in change ? { value: change.value } : {}), ...("text" in change ? { value: before.value, text: change.text } : {}) };
    tile.before = before;
    if ("text" in change) tile.item.text = change.text;
    tile.show();
  }
  paintHead();
  if (done.length) say(`已确认 ${done.length} 份`, { undo: () => undo(done) });
  if (failed.length) say(`有 ${failed.length} 份没有保存，请看卡片上的说明`, { kind: "error", ms: 8000 });
}

/** Why one was not saved: somebody else was faster, or what was typed has no reading. */
async function explain({ submission, version, ...change }, problem) {
  const tile = tileOf(submission);
  if (problem.code !== "stale" || !tile) return release(submission, problem.detail);
  const now = await get(`/submissions/${submission}`).catch(() => null);
  const theirs = now?.fields[field];
  if (!theirs) return release(submission, problem.detail);
  const typed = "text" in change ? change.text : null;
  tile.busy = false;
  tile.item = { ...tile.item, ...theirs, version: now.version };
  tile.show();
  const who = now.people[theirs.by] ?? "其他人";
  if (typed !== null && typed !== theirs.text) tile.widget.type?.(typed);
  return tile.paint(SETTLED.includes(theirs.state) ? `${who} 已定为“${theirs.text ?? "空"}”${typed !== null ? "，您的内容还没有保存" : ""}` : "这份申请刚被别人改过，请再确认一次");
}

async function undo(done) {
  const { items } = await send("POST", "/undo", { items: done });
  for (const { submission, version, problem } of items) {
    const tile = tileOf(submission);
    if (problem) { release(submission, problem.detail); continue; }
    if (!tile) continue;
    tile.item = { ...tile.before, version };
    tile.show();
  }
  const failed = items.filter((item) => item.problem).length;
  say(failed ? `已撤销 ${items.length - failed} 份，${failed} 份后来又有人改过` : `已撤销 ${items.length} 份`, { kind: failed ? "info" : "done" });
  paintHead();
  to(tileOf(items[0]?.submission));
}

// ---- keys ------------------------------------------------------------------------------------------------------------------------

const isText = (target) => target.matches("input[type=text], textarea");

wall.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || !current || event.target.closest("a, button")) return;
  const writing = isText(event.target);
  if (writing && event.key === "Enter" && !event.shiftKey) { event.preventDefault(); settle(); }
  else if (writing && event.key === "Escape") { event.preventDefault(); current.show(); to(current); }
  else if (!writing) command(event);
});

function command(event) {
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns(), Home: -tiles.length, End: tiles.length };
  if (plain && event.key in moves) { event.preventDefault(); return move(moves[event.key]); }
  if (digit && !event.ctrlKey && !event.shiftKey && pick(Number(digit), event.altKey)) return event.preventDefault();
  if (plain && event.key === " ") { event.preventDefault(); return current.select(!current.selected); }
  if (plain && event.key === "Enter") { event.preventDefault(); return settle(); }
  if (event.key === "F2") { event.preventDefault(); return current.widget.focus(); }
  // A letter would be the first of a syllable for an input method that is not there yet, so it only opens the input; what is typed
  // without one, an address or a number, goes in at once.
  if (plain && event.key.length === 1 && current.widget.input && !["?", "u", "z"].includes(event.key)) {
    current.widget.focus();
    if (info.kind !== "email" && info.widget === "line" && /^[a-z]$/i.test(event.key)) event.preventDefault();
  }
  return null;
}

/** The key `number`, on all that is selected where the tile in focus is. */
function pick(number, alternative) {
  const wanted = current.selected ? selection() : [current];
  return wanted.map((tile) => tile.pick(number, alternative)).some(Boolean) && (to(current), true);
}

bind("按题复核", [
  { keys: ["ArrowRight", "ArrowLeft"], does: "下一份、上一份", run: () => {}, when: () => false },
  { keys: [" "], does: "选中或取消", run: () => {}, when: () => false },
  { keys: ["Ctrl+a"], does: "全选", run: () => selectAll(), when: () => tiles.length > 0 },
  { keys: ["Escape"], does: "取消全部选择", run: () => { for (const tile of selection()) tile.select(false); } },
  { keys: ["Enter"], does: "确认所选，没有选择时确认这一份", run: () => {}, when: () => false },
  { keys: ["1"], does: "选第几项（1–9）", run: () => {}, when: () => false },
  { keys: ["F2"], does: "修改（也可直接输入）", run: () => {}, when: () => false },
  { keys: ["o"], does: "打开这份申请", run: () => current && location.assign(`/submissions/${current.item.submission}`) },
]);

function selectAll() {
  const open = tiles.filter((tile) => !tile.isSettled).slice(0, MOST);
  const on = open.some((tile) => !tile.selected);
  for (const tile of open) { tile.selected = on; tile.paint(); }
  paintHead();
}

$("#select-all").addEventListener("click", () => { selectAll(); to(current ?? tiles[0]); });
$("#confirm").addEventListener("click", settle);

async function start() {
  try {
    const shown = await get(`/forms/${form}`);
    info = shown.fields.find((one) => one.name === field);
    $("#title").textContent = info?.title ?? field;
    document.title = `${info?.title ?? field} · 按题复核 · Sealform`;
    await outbox.flush();
    await load();
    to(tiles[0]);
  } catch (problem) { tell(problem); $("#title").textContent = "打不开这一题"; }
}

start();
