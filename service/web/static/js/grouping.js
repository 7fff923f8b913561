// Which pages of what came together are which application. All is changed here first, step by step, and goes to the service at once,
// which reads again what changed. What came at another time can be laid beside it, so that pages can be moved between the two.

import { BASE, get, send } from "./api.js";
import { $, $$, h } from "./dom.js";
import { bind } from "./keys.js";
import { say, tell } from "./toast.js";
import { STATUSES } from "./words.js";

const id = Number($("#grouping").dataset.submission);
const path = `/submissions/${id}/grouping`;
const NONE = -1, AGAIN_MS = 700, MOST_FOUND = 6;
// What the service says, by upload: first the one of this page, then those that were laid beside it.
const saved = new Map(), paths = new Map();
let forms = [], groups = [], steps = [], chosen = new Set(), at = null;

const key = (piece) => `${piece.part}\n${piece.page ?? 0}\n${piece.upload}`;
const own = () => saved.values().next().value;
const isReading = () => [...saved.values()].some((one) => one.reading);
const told = (list) => JSON.stringify(list.map((one) => [one.submission, one.said, one.pieces.map((piece) => [key(piece), piece.quarters])]));
const applications = (list) => list.filter((one) => !one.none);
const isChanged = () => told(applications(groups)) !== told(applications(drafted()));
const open = (group) => !group.locked && !isReading();

/** What the service says, as it is changed here: the pieces of none are the last group. */
function drafted() {
  const all = [...saved.values()], copied = (pieces) => pieces.map((piece) => ({ ...piece }));
  const known = all.flatMap(({ upload, groups: some }) => some.map((one) => ({ submission: one.submission, version: one.version, status: one.status, unit: one.unit, form: one.form, said: one.said_form, locked: !one.open, beside: upload !== own().upload, pieces: copied(one.pieces) })));
  return [...known, { none: true, submission: NONE, pieces: copied(all.flatMap(({ rest }) => rest)) }];
}

// ---- what is shown ---------------------------------------------------------------------------------------------------------------

function paint() {
  const was = new Map(drafted().map((one) => [one.submission, told([one])]));
  $("#groups").replaceChildren(...groups.map((group, number) => painted(group, number, was)));
  const count = steps.length;
  $("#save").disabled = isReading() || !isChanged();
  $("#take-back").disabled = !count;
  $("#undo-saved").hidden = !own().may_undo || count > 0;
  $("#now").textContent = isReading() ? "正在读取，读完后可以调整" : count ? `改了 ${count} 步，还没有保存` : `共 ${groups.length - 1} 份申请`;
  focus();
}

function painted(group, number, was) {
  const changed = !group.none && was.get(group.submission) !== told([group]);
  const called = group.unit ?? (group.submission ? `第 ${group.submission} 号` : "新的申请");
  const name = group.none ? "0　不是申请表" : `${number + 1}　${called}${group.beside ? "（另一次来件）" : ""}`;
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
  const picture = piece.page === null ? h("span", { class: "soft" }, "文件") : h("img", { src: `${BASE}${paths.get(piece.upload)}/parts/${piece.index}/pages/${piece.page}.webp?scale=0.4`, alt: "", loading: "lazy", decoding: "async" });
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
  const pieces = groups.flatMap((one) => one.pieces), here = pieces.find((piece) => key(piece) === at);
  for (const piece of pieces) if (piece.part === here.part && piece.upload === here.upload) chosen.add(key(piece));
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

// ---- another upload --------------------------------------------------------------------------------------------------------------

/** Lays beside it what came with the submission of that number, or that is found by these words. */
async function layBeside(words) {
  if (/^\d+$/.test(words)) return bring(Number(words));
  const { items } = await get(`/submissions?${new URLSearchParams({ q: words, limit: MOST_FOUND + 1 })}`);
  const found = items.filter((one) => !groups.some((group) => group.submission === one.id));
  if (found.length === 1) return bring(found[0].id);
  if (found.length > MOST_FOUND) return say("找到的太多，请写得详细些，或写编号", { kind: "info" });
  if (!found.length) return say("没有找到别的申请", { kind: "info" });
  $("#found").replaceChildren(...found.map((one) => h("li", {}, h("button", { type: "button", class: "small", onclick: () => bring(one.id).catch(tell) }, `第 ${one.id} 号　${one.unit ?? one.name}`))));
  return $("#found button").focus();
}

async function bring(submission) {
  const place = `/submissions/${submission}/grouping`, now = await get(place);
  $("#found").replaceChildren();
  $("#other").value = "";
  if (saved.has(now.upload)) return say("已经在这一页上", { kind: "info" });
  if (now.reading) return say("那次来件正在读取，请稍后再试", { kind: "info" });
  // What was changed here so far stays as it is.
  saved.set(now.upload, now);
  paths.set(now.upload, place);
  const brought = drafted().filter((one) => now.groups.some((group) => group.submission === one.submission));
  const withThem = (list) => [...list.slice(0, -1), ...brought.map((one) => ({ ...one })), { ...list.at(-1), pieces: [...list.at(-1).pieces, ...now.rest] }];
  groups = withThem(groups);
  steps = steps.map(withThem);
  at = brought[0]?.pieces.length ? key(brought[0].pieces[0]) : at;
  return paint();
}

// ---- the service -----------------------------------------------------------------------------------------------------------------

async function save() {
  if ($("#save").disabled) return;
  const given = groups.filter((one) => !one.none && (one.submission !== null || one.pieces.length)).map((one) => ({
    submission: one.submission, version: one.version ?? 0, form: one.said,
    pieces: one.pieces.map(({ part, page, quarters, upload }) => ({ part, page, quarters, upload })),
  }));
  try {
    await send("PUT", path, { groups: given });
    await renew();
    say("已按新的分组读取", { undo: undoSaved });
  } catch (problem) { tell(problem); }
}

async function undoSaved() {
  await send("POST", `${path}/undo`);
  await renew();
  say("已撤销分组");
}

/** Shows all as it is now, without what was changed here, and again once all is read. */
async function renew() {
  await ask();
  show();
  if (!isReading()) return;
  while (isReading()) {
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    await ask();
  }
  show();
}

async function ask() {
  for (const now of await Promise.all([...paths.values()].map((place) => get(place)))) saved.set(now.upload, now);
}

function show() {
  groups = drafted();
  steps = [];
  chosen.clear();
  at = groups.flatMap((one) => one.pieces).some((piece) => key(piece) === at) ? at : null;
  paint();
}

async function start() {
  try {
    const [now, known] = await Promise.all([get(path), get("/forms")]);
    forms = known.items;
    saved.set(now.upload, now);
    paths.set(now.upload, path);
    await renew();
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
  { keys: ["b"], does: "把另一次来件放到一起", run: () => $("#other").focus(), when: isOnPage },
  { keys: ["Escape"], does: "回到这一页", run: focus, writing: true, when: (element) => element.matches("select, #other, #found button") },
  { name: "take-back", keys: ["u"], does: "退回一步", run: takeBack },
  { name: "save", keys: ["Ctrl+Enter"], does: "按这样重新读取", run: save, writing: true },
]);
$("#save").addEventListener("click", save);
$("#take-back").addEventListener("click", takeBack);
$("#beside").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("#other").value.trim();
  if (words) layBeside(words).catch(tell);
});
$("#undo-saved").addEventListener("click", () => undoSaved().catch(tell));

start();
