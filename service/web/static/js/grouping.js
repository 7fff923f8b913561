// Which pages of what came together are which application. All is changed here first, step by step, and goes to the service at once,
// which reads again what changed.

import { BASE, get, send } from "./api.js";
import { $, $$, h } from "./dom.js";
import { bind } from "./keys.js";
import { say, tell } from "./toast.js";
import { STATUSES } from "./words.js";

const id = Number($("#grouping").dataset.submission);
const path = `/submissions/${id}/grouping`;
const NONE = -1, AGAIN_MS = 700;
let forms = [], saved = null, groups = [], steps = [], chosen = new Set(), at = null;

const key = (piece) => `${piece.part}\n${piece.page ?? 0}`;
const told = (list) => JSON.stringify(list.map((one) => [one.submission, one.said, one.pieces.map((piece) => [key(piece), piece.quarters])]));
const applications = (list) => list.filter((one) => !one.none);
const isChanged = () => told(applications(groups)) !== told(applications(drafted(saved)));
const open = (group) => !group.locked && !saved.reading;

/** What the service says, as it is changed here: the pieces of none are the last group. */
function drafted({ groups: known, rest }) {
  const copied = (pieces) => pieces.map((piece) => ({ ...piece }));
  const own = known.map((one) => ({ submission: one.submission, version: one.version, status: one.status, unit: one.unit, form: one.form, said: one.said_form, locked: !one.open, pieces: copied(one.pieces) }));
  return [...own, { none: true, submission: NONE, pieces: copied(rest) }];
}

// ---- what is shown ---------------------------------------------------------------------------------------------------------------

function paint() {
  const was = new Map(drafted(saved).map((one) => [one.submission, told([one])]));
  $("#groups").replaceChildren(...groups.map((group, number) => painted(group, number, was)));
  const count = steps.length;
  $("#save").disabled = saved.reading || !isChanged();
  $("#take-back").disabled = !count;
  $("#undo-saved").hidden = !saved.may_undo || count > 0;
  $("#now").textContent = saved.reading ? "正在读取，读完后可以调整" : count ? `改了 ${count} 步，还没有保存` : `共 ${groups.length - 1} 份申请`;
  focus();
}

function painted(group, number, was) {
  const changed = !group.none && was.get(group.submission) !== told([group]);
  const name = group.none ? "0　不是申请表" : `${number + 1}　${group.unit ?? (group.submission ? `第 ${group.submission} 号` : "新的申请")}`;
  const state = group.none ? "" : group.pieces.length === 0 ? "没有页面，将撤回" : changed ? "有改动，将重新读取" : STATUSES[group.status] ?? "";
  const head = h("header", {}, h("h2", {}, name), h("span", { class: "soft small" }, state), group.none ? null : chooser(group, number));
  const strip = group.pieces.length ? group.pieces.map((piece) => h("li", {}, card(group, piece))) : [h("li", { class: "soft" }, "没有页面")];
  return h("section", { class: `group${changed ? " changed" : ""}${group.none ? " none" : ""}`, "aria-label": name }, head, h("ul", { class: "strip", role: "list" }, strip));
}

function chooser(group, number) {
  const select = h("select", { id: `form-${number}`, "aria-label": "是哪种表", disabled: !open(group) },
    h("option", { value: "" }, group.form && !group.said ? `自动识别（${titled(group.form)}）` : "自动识别"),
    forms.map((form) => h("option", { value: form.name, selected: form.name === group.said }, form.title)));
  select.addEventListener("change", () => change(() => { group.said = select.value || null; }));
  return select;
}

const titled = (name) => forms.find((form) => form.name === name)?.title ?? name;

function card(group, piece) {
  const name = piece.part.split("/").pop(), page = piece.page === null ? name : `${name} 第 ${piece.page} 页`;
  const turned = piece.quarters === null || piece.as_read === null ? 0 : (piece.quarters - piece.as_read + 4) % 4;
  const picture = piece.page === null ? h("span", { class: "soft" }, "文件") : h("img", { src: `${BASE}${path}/parts/${piece.index}/pages/${piece.page}.webp?scale=0.4`, alt: "", loading: "lazy", decoding: "async" });
  return h("button", {
    type: "button", class: `piece turned-${turned}`, "data-key": key(piece), "aria-pressed": String(chosen.has(key(piece))),
    "aria-label": turned ? `${page}，转了 ${(4 - turned) * 90 % 360} 度` : page, title: page, onclick: () => { at = key(piece); focus(); }, onfocus: () => { at = key(piece); },
  }, h("span", { class: "paper" }, picture), h("span", { class: "called" }, name), h("span", { class: "soft" }, piece.page === null ? "" : `第 ${piece.page} 页`));
}

function focus() {
  const cards = $$(".piece");
  (cards.find((one) => one.dataset.key === at) ?? cards[0])?.focus({ preventScroll: false });
}

// ---- what is changed -------------------------------------------------------------------------------------------------------------

const copy = () => groups.map((one) => ({ ...one, pieces: one.pieces.map((piece) => ({ ...piece })) }));
const groupOf = (piece) => groups.findIndex((one) => one.pieces.some((other) => key(other) === piece));

/** Does something to the groups as one step that can be taken back. */
function change(run) {
  const before = copy();
  run();
  if (told(groups) === told(before)) { groups = before; return paint(); }
  steps.push(before);
  chosen.clear();
  return paint();
}

/** The pieces that a key is about: those that are selected, otherwise the one in focus. */
function meant() {
  const wanted = chosen.size ? chosen : new Set([at]);
  return groups.filter(open).flatMap((one) => one.pieces).filter((piece) => wanted.has(key(piece)));
}

function move(number) {
  const target = number === NONE ? groups.at(-1) : groups[number];
  if (!target || (number !== NONE && target.none)) return say(`没有第 ${number + 1} 份申请`, { kind: "info" });
  if (!open(target)) return say("这份申请已有结论，不能放进别的页", { kind: "info" });
  const pieces = meant();
  return change(() => {
    for (const group of groups) if (group !== target) group.pieces = group.pieces.filter((piece) => !pieces.includes(piece));
    target.pieces = [...target.pieces.filter((piece) => !pieces.includes(piece)), ...pieces];
  });
}

/** From the page in focus on, a new application; the selected pages, where some are. */
function split() {
  const own = groups[groupOf(at)];
  if (!own || !open(own)) return null;
  const from = own.pieces.findIndex((piece) => key(piece) === at);
  const pieces = chosen.size ? meant() : own.none ? [own.pieces[from]] : own.pieces.slice(from);
  return change(() => {
    for (const group of groups) group.pieces = group.pieces.filter((piece) => !pieces.includes(piece));
    groups.splice(groups.length - 1, 0, { submission: null, said: null, form: null, pieces });
    groups = groups.filter((one) => one.none || one.submission !== null || one.pieces.length);
  });
}

/** This application and the one before it become one. */
function join() {
  const number = groupOf(at), own = groups[number], before = groups[number - 1];
  if (!own || own.none || !before || !open(own) || !open(before)) return null;
  return change(() => { before.pieces = [...before.pieces, ...own.pieces]; own.pieces = []; });
}

function turn() {
  const pieces = meant().filter((piece) => piece.as_read !== null);
  if (!pieces.length) return say("这一页不是图像，不用转", { kind: "info" });
  return change(() => { for (const piece of pieces) piece.quarters = ((piece.quarters ?? piece.as_read) + 3) % 4; });
}

/** One page further on or back in its application. */
function shift(by) {
  const own = groups[groupOf(at)], from = own?.pieces.findIndex((piece) => key(piece) === at);
  if (!own || own.none || !open(own) || !own.pieces[from + by]) return null;
  return change(() => { own.pieces.splice(from + by, 0, ...own.pieces.splice(from, 1)); });
}

function select() {
  chosen.has(at) ? chosen.delete(at) : chosen.add(at);
  paint();
}

/** All pages of the file whose page is in focus. */
function selectFile() {
  const part = at?.split("\n")[0];
  for (const piece of groups.flatMap((one) => one.pieces)) if (piece.part === part) chosen.add(key(piece));
  paint();
}

function takeBack() {
  const before = steps.pop();
  if (!before) return say("没有可以退回的步骤", { kind: "info" });
  groups = before;
  return paint();
}

function step(by) {
  const cards = $$(".piece"), now = cards.findIndex((one) => one.dataset.key === at);
  cards[Math.min(cards.length - 1, Math.max(0, now + by))]?.focus();
}

function stepGroup(by) {
  for (let number = groupOf(at) + by; groups[number]; number += by) {
    if (groups[number].pieces.length) { at = key(groups[number].pieces[0]); return focus(); }
  }
  return null;
}

// ---- the service -----------------------------------------------------------------------------------------------------------------

async function save() {
  if ($("#save").disabled) return;
  const given = groups.filter((one) => !one.none && (one.submission !== null || one.pieces.length)).map((one) => ({
    submission: one.submission, version: one.version ?? 0, form: one.said,
    pieces: one.pieces.map(({ part, page, quarters }) => ({ part, page, quarters })),
  }));
  try {
    take(await send("PUT", path, { groups: given }));
    await follow();
    say("已按新的分组读取", { undo: undoSaved });
  } catch (problem) { tell(problem); }
}

async function undoSaved() {
  take(await send("POST", `${path}/undo`));
  await follow();
  say("已撤销分组");
}

/** Shows it as it is now, without what was changed here. */
function take(now) {
  saved = now;
  groups = drafted(now);
  steps = [];
  chosen.clear();
  at = groups.flatMap((one) => one.pieces).some((piece) => key(piece) === at) ? at : null;
  paint();
}

/** Waits until all is read. */
async function follow() {
  while (saved.reading) {
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    const now = await get(path);
    if (!now.reading) take(now);
  }
}

async function start() {
  try {
    const [now, known] = await Promise.all([get(path), get("/forms")]);
    forms = known.items;
    take(now);
    await follow();
  } catch (problem) { tell(problem); }
}

const isOnPage = (element) => element.matches(".piece, body, main");
bind("调整分组", [
  { keys: ["ArrowRight"], does: "下一页", run: () => step(1), when: isOnPage },
  { keys: ["ArrowLeft"], does: "上一页", run: () => step(-1), when: isOnPage },
  { keys: ["ArrowDown"], does: "下一份申请", run: () => stepGroup(1), when: isOnPage },
  { keys: ["ArrowUp"], does: "上一份申请", run: () => stepGroup(-1), when: isOnPage },
  { keys: "123456789".split(""), does: "移到第几份申请（1–9）", run: (event) => move(Number(event.key) - 1), when: isOnPage },
  { keys: ["0"], does: "不是申请表", run: () => move(NONE), when: isOnPage },
  { keys: [" "], does: "选中或取消这一页", run: select, when: isOnPage },
  { keys: ["w"], does: "选中这个文件的各页", run: selectFile, when: isOnPage },
  { keys: ["n"], does: "从这一页起另作一份申请", run: split, when: isOnPage },
  { keys: ["j"], does: "与上一份申请合并", run: join, when: isOnPage },
  { keys: ["t"], does: "顺时针转一次", run: turn, when: isOnPage },
  { keys: ["]"], does: "后移一页", run: () => shift(1), when: isOnPage },
  { keys: ["["], does: "前移一页", run: () => shift(-1), when: isOnPage },
  { keys: ["f"], does: "选择是哪种表", run: () => $(`#form-${groupOf(at)}`)?.focus(), when: isOnPage },
  { keys: ["Escape"], does: "回到这一页", run: focus, writing: true, when: (element) => element.matches("select") },
  { name: "take-back", keys: ["u"], does: "退回一步", run: takeBack },
  { name: "save", keys: ["Ctrl+Enter"], does: "按这样重新读取", run: save, writing: true },
]);
$("#save").addEventListener("click", save);
$("#take-back").addEventListener("click", takeBack);
$("#undo-saved").addEventListener("click", () => undoSaved().catch(tell));

start();
