// One question across all submissions: a wall of cut-outs that are confirmed or corrected one by one or many at once.
//
// A tile that is settled stays where it is, so that nothing moves under the eye; it is gone at the next visit.

import { Outbox, get, send } from "./api.js";
import { $, h } from "./dom.js";
import { bind } from "./keys.js";
import { Answer, pickKeys, same } from "./review/answer.js";
import { say, tell } from "./toast.js";
import { USER, may } from "./words.js";

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
    this.answer = new Answer(info, {
      id: `answer-${item.submission}`, label: `${item.unit ?? item.name}：${info.title}`, editable: may("correct"), changed: () => this.paint(),
      editing: () => this.paint(), discard: () => discard(this), edit: () => this.edit(), pick: (number) => pick(this, number), tabindex: -1,
    });
    this.keeping = this.answer.act("confirm-this", "保存这一份", () => settle([this]));
    if (may("correct")) this.answer.acts.prepend(this.keeping);
    for (const control of this.answer.controls) control.tabIndex = -1;
    this.note = h("p", { class: "tile-note small", role: "status" });
    this.why = h("p", { class: "small why-line" }, item.findings.map((finding) => finding.message).join("；"));
    this.element = h("article", { class: "tile", tabindex: -1, "data-submission": item.submission, "data-keys-here": true },
      h("header", { class: "row" }, h("h2", {}, item.unit ?? item.name), h("a", { class: "small end", href: `/submissions/${item.submission}`, tabindex: -1 }, "打开", h("kbd", { "data-key": "open" }))),
      seenOf(item), this.why, this.answer.element, this.answer.others, this.answer.acts, this.note);
    this.element.addEventListener("focusin", () => focused(this));
    this.element.addEventListener("focusout", (event) => this.element.contains(event.relatedTarget) || !document.hasFocus() || this.rest());
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
    return this.answer.isDirty;
  }

  get change() {
    return { submission: this.item.submission, version: this.item.version, field, ...(this.isDirty ? this.answer.given : {}) };
  }

  show() {
    this.answer.show(this.item);
    this.rest();
  }

  edit() {
    this.answer.edit();
    this.paint();
  }

  /** Written into no longer; what was written stays, and waits to be confirmed. */
  rest() {
    this.answer.rest();
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
    const state = this.busy ? "正在保存" : this.isDirty ? (this.answer.isEmptied ? "未保存：没有填写" : "未保存") : { confirmed: "已确认", corrected: "已更正" }[this.item.state] ?? "待核对";
    this.element.setAttribute("aria-label", `${this.item.unit ?? this.item.name}：${this.item.text ?? "空"}，${state}${this.selected ? "，已选" : ""}`);
    this.note.textContent = note ?? (this.isDirty || this.busy || this.isSettled ? state : "");
    this.keeping.hidden = !this.isDirty && !this.answer.isEditing;
    this.answer.paint();
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
  $("#confirm").firstChild.data = chosen ? `确认所选 ${chosen} 份 ` : "确认 ";
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

/** Confirms `chosen`, or corrects where something was typed or chosen. What must not be empty and is, is asked about instead. */
function settle(chosen) {
  const open = chosen.filter((tile) => tile && !tile.busy && (!tile.isSettled || tile.isDirty)).slice(0, MOST);
  const lacking = open.filter((tile) => tile.answer.lacks), wanted = open.filter((tile) => !tile.answer.lacks);
  for (const tile of lacking) tile.paint(tile.answer.has(0) ? "必填，现在是空的：原件上确实没有填写，请先按“没有填写”" : "请先按原件选一项");
  if (lacking.length) say(lacking.length === 1 ? "有 1 份是空的，没有确认" : `有 ${lacking.length} 份是空的，没有确认`, { kind: "info" });
  if (wanted.length) {
    const changes = wanted.map((tile) => tile.change);
    for (const tile of wanted) { tile.busy = true; tile.selected = false; tile.rest(); }
    outbox.push({ changes });
    paintHead();
  }
  return lacking.length ? to(lacking[0]) : onwards(current);
}

/** What was selected, else the tile in focus. */
const chosen = () => (selection().length ? selection() : [current]);

/** The tiles that a key on `tile` means: all that is selected where it is one of them. */
const meant = (tile) => (tile.selected ? selection() : [tile]);

/** Gives up what was typed or chosen there, which can be taken back. */
function discard(tile) {
  const given = meant(tile).filter((one) => one.isDirty).map((one) => ({ one, given: one.answer.given, isEmptied: one.answer.isEmptied }));
  for (const { one } of given) one.show();
  to(tile);
  const back = () => {
    for (const { one, given: what, isEmptied } of given) { one.answer.restore(what, "", isEmptied); one.paint(); }
    to(tile);
  };
  say(given.length > 1 ? `已放弃 ${given.length} 份的修改` : "已放弃修改", { kind: "info", undo: back });
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
    const isNew = "text" in change || ("value" in change && !same(change.value, before.value));
    tile.item = { ...before, version: answer.version, state: isNew || before.state === "corrected" ? "corrected" : "confirmed",
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
  if (typed !== null && typed !== theirs.text) tile.answer.restore({ text: typed }, typed, false);
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

/** The key `number`. */
function pick(tile, number) {
  for (const one of meant(tile)) if (one.answer.has(number)) one.answer.pick(number);
  to(tile);
}

const isOnTile = (at) => current?.element.contains(at) && !at.closest("a, button");
const moves = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns(), Home: () => -tiles.length, End: () => tiles.length };
const stepped = (keys, does = null) => ({ keys, does, run: (event) => move(moves[event.key]()), when: isOnTile });

bind("按题复核", [
  stepped(["ArrowRight", "ArrowLeft"], "下一份、上一份"),
  stepped(["ArrowDown", "ArrowUp"], "下一行、上一行"),
  stepped(["Home", "End"]),
  { name: "select", keys: [" "], does: "选中或取消", run: () => current.select(!current.selected), own: true, when: isOnTile },
  { name: "select-all", keys: ["Ctrl+a"], does: "全选", run: selectAll, when: () => tiles.length > 0 },
  { name: "confirm-this", keys: ["Enter"], does: null, run: () => settle([current]), writing: true, when: (at) => isOnTile(at) && current.answer.isEditing },
  { name: "confirm", keys: ["Enter"], does: "确认所选，没有选择时确认这一份", run: () => settle(chosen()), when: (at) => isOnTile(at) && may("correct") },
  { name: "edit", keys: ["e", "F2"], does: "修改这一份的文字", run: () => current.edit(), own: true, when: (at) => isOnTile(at) && current.answer.canEdit },
  { name: "discard", keys: ["Escape"], does: "放弃这一份没有确认的修改", run: () => discard(current), writing: true, when: (at) => isOnTile(at) && current.isDirty },
  { keys: ["Escape"], run: () => { current.rest(); to(current); }, writing: true, when: (at) => isOnTile(at) && current.answer.isEditing },
  { name: "unselect", keys: ["Escape"], does: "取消全部选择", run: () => { for (const tile of selection()) tile.select(false); }, when: () => selection().length > 0 },
  ...pickKeys(isOnTile, () => current.answer, (number) => pick(current, number), "这一份"),
  { name: "open", keys: ["o", "Alt+o"], does: "打开这份申请", run: () => location.assign(`/submissions/${current.item.submission}`), writing: true, when: (at) => current?.element.contains(at) },
]);

function selectAll() {
  const open = tiles.filter((tile) => !tile.isSettled).slice(0, MOST);
  const on = open.some((tile) => !tile.selected);
  for (const tile of open) { tile.selected = on; tile.paint(); }
  paintHead();
}

$("#select-all").addEventListener("click", () => { selectAll(); to(current ?? tiles[0]); });
$("#confirm").addEventListener("click", () => settle(chosen()));

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
