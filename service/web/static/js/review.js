// The review page: opens a submission, keeps its two sides together, and moves on to the next one without loading the page anew.

import { get, live, send } from "./api.js";
import { $, h, icon, repaint } from "./dom.js";
import { bind } from "./keys.js";
import { Ahead } from "./review/ahead.js";
import { pickKeys } from "./review/answer.js";
import { correctionNotes } from "./review/correction.js";
import { askReason, asks, closeReason, isAsking, paintMoves } from "./review/deciding.js";
import { Card } from "./review/fields.js";
import { lookAt } from "./review/focus.js";
import { historyList } from "./review/history.js";
import { Original } from "./review/original.js";
import { Drafts, Saver, keepAsDraft, sendLeftovers } from "./review/saving.js";
import { asksForTwin, settleTwin, twinNotes } from "./review/twins.js";
import { canUndo, say, tell } from "./toast.js";
import { MOVES, STATUSES, USER, may, moment } from "./words.js";

const original = new Original(() => { for (const card of cards) card.update(card.field); });
const forms = new Map(); // by name and version
const seen = new Set(JSON.parse(sessionStorage.getItem("sealform.seen") ?? "[]"));
let id = null, detail = null, cards = [], current = null, saver = null, drafts = null, ahead = null, turns = 0;

// ---- opening ----------------------------------------------------------------------------------------------------------------------

const fetched = async (submission) => {
  const found = await get(`/submissions/${submission}`);
  return [found, await formOf(found)];
};
/** What pages there are. Whoever waits for it may come late, so a failure waits too. */
const pagesOf = (submission) => {
  const pages = get(`/submissions/${submission}/pages`);
  pages.catch(() => {});
  return pages;
};

async function formOf({ form, form_version: version }) {
  if (!form) return null;
  const key = `${form} ${version}`;
  if (!forms.has(key)) forms.set(key, get(`/forms/${form}`, { version }).catch((problem) => { forms.delete(key); throw problem; }));
  return forms.get(key);
}

/** Shows a submission, unless another is asked for meanwhile, and gives whether it does; `ready` is what was fetched for it ahead. */
async function open(submission, ready = null) {
  const turn = ++turns;
  const pages = ready?.pages ?? pagesOf(submission);
  const [found, form] = await (ready?.parts ?? fetched(submission));
  if (turn !== turns) return false;
  id = submission;
  lookAt(id);
  seen.add(id);
  sessionStorage.setItem("sealform.seen", JSON.stringify([...seen].slice(-500)));
  startSaving(found);
  detail = found;
  current = null;
  closeReason();
  $("#history").hidden = true;
  $("#news").hidden = true;
  original.open(found);
  makeCards(form);
  paint();
  takeUpDrafts();
  focusFirst();
  showPages(submission, pages);
  return true;
}

async function showPages(submission, pages) {
  try {
    const { parts } = await pages;
    if (submission !== id) return;
    original.setPages(parts);
    for (const card of cards) card.update(detail.fields[card.name]);
    if (current) original.light(current.field.evidence);
    await original.loaded;
    if (submission !== id) return;
    ahead = new Ahead(id, seen, fetched, pagesOf);
    ahead.fetch();
  } catch (problem) { tell(problem); }
}

function makeCards(form) {
  const infos = new Map((form?.fields ?? []).map((info) => [info.name, info]));
  const page = {
    changed: (card) => { drafts.keep(card.name, card.draft); showSaving(); },
    confirm,
    discard,
    history: showHistory,
    settle,
    place: (evidence) => original.placeOf(evidence),
    image: (part, number) => original.image(part, number),
    editable: () => may("correct") && detail.status === "in-review",
    name: nameOf,
  };
  cards = Object.keys(detail.fields).map((name, at) => new Card(name, infos.get(name) ?? { name, ...detail.fields[name], widget: "line" }, at, page));
  for (const card of cards) card.update(detail.fields[card.name]);
  // In the order of the form to the eye, to the Tab key what is doubted first.
  $("#fields").replaceChildren(...[...cards].sort((one, other) => other.isDoubtful - one.isDoubtful).map((card) => card.element));
}

/** Puts back what an earlier look at this submission left: what is still on its way, and what was typed and not saved. */
function takeUpDrafts() {
  drafts = new Drafts(id);
  for (const { change } of saver.outbox.entries) {
    const card = cards.find((one) => one.name === change.field);
    if ("text" in change || "value" in change) card?.restore({ answer: change });
    card?.saving();
  }
  for (const card of cards) {
    const draft = drafts.all[card.name];
    if (!draft || !may("correct")) continue;
    card.restore(draft);
    if (!card.isDirty) drafts.keep(card.name, null);
    else if (isTheirs(detail.fields[card.name], draft.was)) card.oppose(card.field, { field: card.name, ...draft.answer });
  }
  showSaving();
}

// ---- what is shown ----------------------------------------------------------------------------------------------------------------

function paint() {
  document.title = `${detail.unit ?? detail.name} · 复核 · Sealform`;
  $("#unit").textContent = detail.unit ?? detail.name;
  $("#status").className = `status ${detail.status}`;
  $("#status").textContent = STATUSES[detail.status];
  $("#status").hidden = false;
  $("#about").textContent = `${detail.name}　${moment(detail.received_at)} 收到`;
  paintMoves(detail.moves, (move) => (move === "accept" ? accept() : decide(move)), (move) => (move === "accept" ? accept() : begin(move)), detail.errors > 0);
  if ($("#regroup")) $("#regroup").href = `/submissions/${id}/grouping`;
  paintAssignee();
  paintProblems();
  paintSettled();
  showSaving();
}

/** Whose work it is; whoever may correct can take it, or let it go. */
function paintAssignee() {
  const own = USER?.id === `user:${detail.assignee}`, words = detail.assignee ? `由 ${nameOf(`user:${detail.assignee}`)} 处理` : "";
  $("#assignee").replaceChildren(...[own ? "由我处理" : words, may("correct") && h("button", { type: "button", class: "quiet small", onclick: () => assign(own ? null : USER.id) }, own ? "不再处理" : "转给我")].filter(Boolean));
}

async function assign(user) {
  const submission = id, before = detail.assignee;
  const put = (number) => send("PUT", `/submissions/${submission}/assignee`, { user: number });
  try {
    apply(await put(user === null ? null : Number(user.split(":")[1])));
    say(user === null ? "不再由我处理" : "已转给我处理", { undo: async () => apply(await put(before)) });
  } catch (problem) { tell(problem); }
}

function paintProblems() {
  repaint($("#problems"), [
    ...twinNotes(detail, settleWith, nameOf),
    ...correctionNotes(detail, (name) => cards.find((card) => card.name === name)?.focus()),
    detail.proposed && h("div", { class: "note doubt", id: "proposed" }, icon("info"), h("p", {}, `${nameOf(detail.proposed.by)} 提出不予受理，须由另一位复核员确认${detail.proposed.reason ? `：${detail.proposed.reason}` : "。"}`)),
    detail.error && h("div", { class: "note bad" }, icon("alert"), h("p", {}, detail.error.message)),
    detail.replaces && !detail.correction.answers && h("div", { class: "note" }, icon("info"), h("p", {}, "这是补正后重新提交的材料，原来的一份：", h("a", { href: `/submissions/${detail.replaces}` }, `编号 ${detail.replaces}`))),
    detail.replaced_by && h("div", { class: "note doubt" }, icon("info"), h("p", {}, "已有补正后的新材料：", h("a", { href: `/submissions/${detail.replaced_by}` }, `编号 ${detail.replaced_by}`))),
    amissNote(),
    ...detail.findings.map((finding) => h("div", { class: `note ${finding.severity === "error" ? "bad" : "doubt"}` }, icon("alert"), h("p", {}, finding.message))),
    detail.message && mailNote(detail.message),
  ].filter(Boolean));
}

const isAmiss = (card) => card.field.findings.some((finding) => finding.severity === "error");

/** Where something is wrong, above all fields: the inbox counts it, and a field far down would have to be found. */
function amissNote() {
  const wrong = cards.filter(isAmiss);
  if (detail.status !== "in-review" || !wrong.length) return null;
  const titles = wrong.map((card) => h("button", { type: "button", class: "small", onclick: () => card.focus() }, card.info.title));
  return h("div", { class: "note bad", id: "amiss" }, icon("alert"), h("p", { class: "row" }, `${wrong.length} 栏有错误：`, titles));
}

/** Says what a twin is, and lets the reviewer go on where there is something to do. */
async function settleWith(twin, verdict) {
  await saver.outbox.flush();
  await settleTwin(detail, twin, verdict, (now) => { apply(now); if (now.id === id) focusFirst(); });
}

function mailNote({ sender, address, time, subject, body }) {
  return h("details", { class: "mail" }, h("summary", {}, `邮件：${subject ?? "（无主题）"}`),
    h("p", { class: "soft small" }, [sender, address, time && moment(time)].filter(Boolean).join("　")), h("p", { class: "body" }, body));
}

function paintSettled() {
  const open = cards.filter((card) => card.isDoubtful);
  const line = $("#settled");
  line.hidden = detail.status !== "in-review" || !cards.length;
  line.classList.toggle("done", !open.length);
  line.replaceChildren(...(open.length ? [`还有 ${open.length} 项待核对`]
    : detail.unsettled_twins.length ? ["已全部核对；疑似重复的还要选择是“替换”还是“另一份”"]
    : [icon("check"), detail.errors ? `已全部核对，仍有 ${detail.errors} 个问题，可以退回补正 ` : "已全部核对。",
      detail.errors ? h("kbd", { "data-key": "return" }) : "", may("decide") ? [...(detail.errors ? ["，或", "说明理由后受理 "] : [" 受理并打开下一份 "]), h("kbd", { "data-key": "accept" })] : ""].flat()));
}

function showSaving(state = navigator.onLine ? "idle" : "offline") {
  const waiting = saver?.outbox.waiting ?? 0;
  const typed = cards.filter((card) => card.isDirty).length;
  const count = waiting + typed;
  const words = !may("correct") || !cards.length ? "" : !count ? "已保存" : waiting && state === "sending" ? "正在保存…"
    : `未保存 ${count} 项${waiting && state === "offline" ? "，连接恢复后自动保存" : typed ? "，请逐项确认" : ""}`;
  const line = $("#saving");
  if (line.textContent !== words) line.textContent = words;
  line.className = `saving small ${count ? "waiting" : "saved"}`;
}

const nameOf = (actor) => detail.people?.[actor] ?? (actor === USER?.id ? USER.name : actor?.startsWith("worker:") ? "系统" : actor ?? "");

// ---- saving -----------------------------------------------------------------------------------------------------------------------

function startSaving(found) {
  saver = new Saver(id);
  const mine = saver;
  mine.version = mine.outbox.waiting ? null : found.version;
  mine.events = {
    saved: (now, entry) => mine.submission === id && took(now, entry),
    clashed: (entry, now) => mine.submission === id ? clashed(entry, now) : keepAsDraft(mine.submission, entry),
    refused: (entry, problem) => mine.submission === id ? refused(entry, problem) : keepAsDraft(mine.submission, entry),
    state: (name) => mine.submission === id && showSaving(name),
  };
  mine.outbox.flush();
}

function save(card) {
  if (!may("correct") || detail.status !== "in-review") return;
  const change = card.change, was = card.field;
  card.saving();
  drafts.keep(card.name, null);
  saver.save(change, was);
  paintSettled();
  showSaving();
}

function took(now, entry) {
  const card = cards.find((one) => one.name === entry.change.field);
  if (card && !saver.isWaiting(card.name)) card.isSaving = false;
  apply(now);
}

function clashed(entry, now) {
  const card = cards.find((one) => one.name === entry.change.field);
  detail = now;
  if (card) {
    const { change, was } = entry;
    card.oppose(now.fields[card.name], "text" in change || "value" in change ? change : { field: card.name, text: was.text ?? "", words: was.text });
    say(`${nameOf(now.fields[card.name].by)} 也改了“${card.info.title}”，请选择`, { kind: "info" });
  }
  apply(now);
}

function refused(entry, problem) {
  const card = cards.find((one) => one.name === entry.change.field);
  if (card) {
    card.refuse(problem.sentence);
    drafts.keep(card.name, card.draft);
    if (problem.status === 422) say(problem.detail, { kind: "error", ms: 8000 });
  }
  if (problem.status !== 422) { tell(problem); refresh(); }
  paintSettled();
}

function settle(card, whose) {
  const mine = card.clash;
  card.revert();
  drafts.keep(card.name, null);
  if (whose === "mine") {
    const { words, ...change } = mine;
    const was = card.field;
    card.saving();
    saver.save(change, was);
  }
  card.focus();
  paintSettled();
  showSaving();
}

/** Takes over what the service now holds; somebody else's change of what is being typed is put beside it. */
function apply(now) {
  if (now.version < detail.version || now.id !== id) return;
  detail = now;
  if (!saver.outbox.waiting) saver.version = now.version;
  for (const card of cards) {
    const field = now.fields[card.name];
    if (card.isSaving && saver.isWaiting(card.name)) continue;
    if (card.isDirty && isTheirs(field, card.field)) card.oppose(field, { field: card.name, ...card.answer.given });
    else card.update(field);
  }
  if (!$("#history").hidden) showHistory(null, true);
  paint();
}

const isTheirs = (field, was) => field.by !== USER?.id && ["confirmed", "corrected"].includes(field.state) && (field.text !== was.text || field.by !== was.by);

async function refresh() {
  const now = await get(`/submissions/${id}`);
  if (now.id === id) apply(now);
}

// ---- moving ----------------------------------------------------------------------------------------------------------------------

function focusFirst() {
  const first = cards.find((card) => card.isDoubtful);
  if (first) return first.focus();
  const line = $("#settled");
  (line.hidden ? $("#unit") : line).focus({ preventScroll: true });
  $("#answers").scrollTop = 0;
  const seen = cards.filter((card) => card.field.evidence.length), shown = seen.find(isAmiss) ?? seen[0];
  return shown && original.light(shown.field.evidence);
}

function next(from) {
  const at = cards.indexOf(from);
  const round = [...cards.slice(at + 1), ...cards.slice(0, at + 1)];
  const doubtful = round.find((card) => card.isDoubtful && card !== from);
  if (doubtful) return doubtful.focus();
  const line = $("#settled");
  line.scrollIntoView({ block: "nearest" });
  return line.focus({ preventScroll: true });
}

/** Keeps the answer of a card, as read or as corrected, and goes to the next doubt; one that must not be empty is asked about. */
function confirm(card) {
  if (card.clash) return card.element.querySelector(".versus button").focus();
  if (card.isOpen) {
    if (card.lack) { card.focus(); return card.say(card.lack); }
    save(card);
  }
  return next(card);
}

/** Gives up what was typed or chosen on a card and not confirmed, which can be taken back. */
function discard(card) {
  const { draft } = card, submission = id;
  card.rest();
  card.revert();
  drafts.keep(card.name, null);
  showSaving();
  card.focus();
  const back = () => {
    if (submission !== id || !cards.includes(card)) return;
    card.restore(draft);
    drafts.keep(card.name, card.draft);
    showSaving();
    card.focus();
  };
  say(`已放弃“${card.info.title}”的修改`, { kind: "info", undo: back });
}

function step(by) {
  const at = cards.indexOf(current);
  cards[Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
}

async function undo() {
  await saver.outbox.flush();
  if (saver.outbox.waiting) return say("连接恢复后才能撤销", { kind: "info" });
  try {
    const { items } = await get(`/submissions/${id}/history`);
    const undone = new Set(items.map((item) => item.undoes));
    const last = items.filter((item) => item.action === "correct" && !undone.has(item.version)).sort((one, other) => other.version - one.version)[0];
    if (!last) return say("没有可以撤销的修改", { kind: "info" });
    if (last.actor !== USER.id) return say(`最近一次修改是 ${last.by} 做的，请直接更正`, { kind: "info" });
    apply(await send("POST", `/submissions/${id}/undo`, null, { version: detail.version }));
    const card = cards.find((one) => one.name === last.changes[0].field);
    say(`已撤销“${card.info.title}”的修改`);
    card.focus();
  } catch (problem) { tell(problem); if (problem.code === "stale") await refresh(); }
  return null;
}

// ---- deciding --------------------------------------------------------------------------------------------------------------------

const begin = (move) => askReason(move, id, (chosen, reason) => decide(chosen, reason), { amiss: amiss(), unseen: cards.filter((card) => card.isDoubtful).length });

/** What is wrong with the answers, whoever gave them. */
const amiss = () => [...detail.findings, ...cards.flatMap((card) => card.field.findings)].filter((finding) => finding.severity === "error");

async function accept() {
  if (!detail.moves.includes("accept")) return say(`现在是“${STATUSES[detail.status]}”，不能受理`, { kind: "info" });
  if (hasOpen()) return null;
  return asks("accept", detail.errors > 0) ? begin("accept") : decide("accept");
}

/** Whether something is left to look at, which is said and focused. */
function hasOpen() {
  const open = cards.filter((card) => card.isDoubtful || card.isDirty || card.clash);
  if (!open.length) return asksForTwin(detail);
  const unsaved = open.filter((card) => card.isDirty).length;
  say(`还有 ${open.length} 项待核对${unsaved ? `，其中 ${unsaved} 项改过还没有确认` : ""}`, { kind: "info" });
  open[0].focus();
  return true;
}

/** Decides, says so with a way back, and goes on; gives whether it was done. */
async function decide(move, reason = null) {
  if (!may("decide")) return false;
  await saver.outbox.flush();
  if (saver.outbox.waiting) { say("还有内容没有保存，连接恢复后再试", { kind: "error", ms: 8000 }); return false; }
  // What was on its way may have been refused.
  if (move === "accept" && hasOpen()) return false;
  const submission = id, title = detail.unit ?? detail.name;
  try {
    apply(await send("POST", `/submissions/${submission}/decision`, { move, ...(reason ? { reason } : {}) }, { version: detail.version }));
  } catch (problem) {
    tell(problem);
    if (problem.status === 409) await refresh();
    return false;
  }
  // While the reason has the cursor, the key that takes this back would be written into it.
  closeReason();
  if (move === "reject" && detail.id === submission && detail.status !== "rejected") {
    say("已提出不予受理，等另一位复核员确认", { kind: "info" });
    await goOn();
    return true;
  }
  const back = ["accept", "return", "reject", "withdraw"].includes(move) ? () => reopen(submission) : null;
  say(`${MOVES[move]}：${title}`, { undo: back });
  if (back) await goOn();
  else await open(submission);
  return true;
}

async function reopen(submission) {
  turns += 1; // The next one may be on its way: who takes a decision back wants to see this one.
  const now = await get(`/submissions/${submission}`);
  await send("POST", `/submissions/${submission}/decision`, { move: "reopen" }, { version: now.version });
  await go(submission);
}

// ---- from one submission to the next ---------------------------------------------------------------------------------------------

async function goOn() {
  // What was found ahead holds as long as nobody has changed it since.
  const turn = ++turns;
  const mine = ahead?.after === id && !ahead.stale ? ahead : new Ahead(id, seen, fetched, pagesOf);
  try {
    await mine.found;
  } catch (problem) { return tell(problem); }
  if (turn !== turns) return null;
  return mine.id ? go(mine.id, mine) : say("没有其他待复核的申请了", { kind: "info" });
}

async function go(submission, ready = null) {
  try {
    if (!(await open(submission, ready))) return;
    if (location.pathname !== `/submissions/${submission}`) history.pushState(null, "", `/submissions/${submission}`);
  } catch (problem) { tell(problem); }
}

async function showHistory(card = null, again = false) {
  const place = $("#history");
  if (!again && !place.hidden && place.dataset.of === (card?.name ?? "")) { place.hidden = true; return; }
  if (!again) place.dataset.of = card?.name ?? "";
  try {
    const { items } = await get(`/submissions/${id}/history`);
    const field = place.dataset.of || null;
    const title = field ? `“${detail.fields[field].title}”的历史` : "历史";
    place.replaceChildren(h("div", { class: "head" }, h("h2", { tabindex: -1 }, title),
      h("button", { type: "button", class: "quiet small end", onclick: () => { place.hidden = true; (card ?? cards[0])?.focus(); } }, "收起")), historyList(items, field));
    const host = field && cards.find((one) => one.name === field);
    if (host) host.element.append(place);
    else $("#answers").append(place);
    place.hidden = false;
    if (!again) { place.scrollIntoView({ block: "nearest" }); $("h2", place).focus({ preventScroll: true }); }
  } catch (problem) { tell(problem); }
}

// ---- events ----------------------------------------------------------------------------------------------------------------------

$("#fields").addEventListener("focusin", (event) => {
  const card = cards.find((one) => one.element.contains(event.target));
  if (!card || card === current) return;
  current?.element.classList.remove("current");
  current = card;
  card.element.classList.add("current");
  card.element.scrollIntoView({ block: "nearest", behavior: "instant" }); // it has grown by its cut-out
  original.light(card.field.evidence);
});

// Whoever clicks on a card beside its controls means the card.
$("#fields").addEventListener("click", (event) => {
  if (event.target.closest("button, a, input, textarea, label, summary, .past") || getSelection().toString()) return;
  cards.find((one) => one.element.contains(event.target))?.focus();
});

/** Whether the keys of the current card hold while `at` has the focus. */
const isOnCard = (at) => current?.element.contains(at) && !at.closest("button, a, summary, .past");
const canReturn = () => detail?.moves.includes("return") && may("decide") && !isAsking();

bind("复核", [
  { name: "confirm", keys: ["Enter"], does: "确认这一栏（改过的同时保存），到下一处疑问", run: () => confirm(current), writing: true, when: isOnCard },
  { name: "edit", keys: ["e", "F2"], does: "修改这一栏的文字", run: () => current.edit(), own: true, when: (at) => isOnCard(at) && current.answer.canEdit },
  { name: "discard", keys: ["Escape"], does: "放弃这一栏没有确认的修改", run: () => discard(current), writing: true, when: (at) => isOnCard(at) && current.isDirty },
  { keys: ["Escape"], does: "不再修改", run: () => { current.rest(); current.focus(); }, writing: true, when: (at) => isOnCard(at) && current.answer.isEditing },
  ...pickKeys(isOnCard, () => current.answer, (number) => current.pick(number), "这一栏"),
  { name: "accept", keys: ["Ctrl+Enter"], does: "受理并打开下一份；还有错误的，先写理由", run: accept, writing: true, when: () => may("decide") && detail?.moves.includes("accept") },
  { name: "undo", keys: ["u", "Alt+z"], does: "撤销上一次修改", run: undo, writing: true },
  { keys: ["z", "Ctrl+z"], run: undo, when: () => !canUndo() },
  { name: "step", keys: ["ArrowDown", "ArrowUp"], does: "下一栏、上一栏", run: (event) => step(event.key === "ArrowDown" ? 1 : -1), when: isOnCard },
  { name: "skip", keys: ["n", "Alt+n"], does: "先跳过，打开下一份", run: goOn, writing: true },
  { name: "return", keys: ["r", "Alt+r"], does: "退回补正", run: () => begin("return"), writing: true, when: canReturn },
  { name: "history", keys: ["h", "Alt+h"], does: "历史", run: () => showHistory(), writing: true },
  { name: "regroup", keys: ["g", "Alt+g"], does: "调整分组：哪些页是哪一份", run: () => $("#regroup").click(), writing: true, when: () => may("correct") && detail },
]);
bind("原件", [
  { name: "seal", keys: ["s", "Alt+s"], does: "去掉印章，看下面的字", run: () => original.toggleSeal(), writing: true },
  { name: "turn", keys: ["Alt+PageDown", "Alt+PageUp"], does: "下一页、上一页", run: (event) => original.turn(event.key === "PageDown" ? 1 : -1), writing: true },
  { name: "zoom-in", keys: ["Alt+="], does: "放大", run: () => original.zoomBy(1.25), writing: true },
  { name: "zoom-out", keys: ["Alt+-"], does: "缩小", run: () => original.zoomBy(0.8), writing: true },
  { name: "zoom-fit", keys: ["Alt+0"], does: "适合宽度", run: () => original.zoomBy(0), writing: true },
]);

$("#moves").addEventListener("click", (event) => event.target.closest("#show-history") && showHistory());
addEventListener("popstate", () => {
  const found = /^\/submissions\/(\d+)$/.exec(location.pathname);
  if (found && Number(found[1]) !== id) go(Number(found[1]));
});
addEventListener("online", () => showSaving());
addEventListener("offline", () => showSaving("offline"));
addEventListener("pagehide", () => { if (current?.isDirty) drafts.keep(current.name, current.draft); });

function followOthers() {
  live("/events", {
    event: (name, summary) => {
      if (name !== "submission") return;
      if (ahead?.id === summary.id) ahead.stale = true;
      const known = summary.version < detail.version || (summary.version === detail.version && summary.assignee === detail.assignee);
      if (summary.id !== id || known || saver.outbox.waiting) return;
      refresh().then(() => tellNews()).catch(() => {});
    },
  });
}

function tellNews() {
  const newest = Object.values(detail.fields).filter((field) => field.at && field.by !== USER.id && field.by?.startsWith("user:")).sort((one, other) => (one.at < other.at ? 1 : -1))[0];
  const words = detail.status !== "in-review" ? `这份申请现在是“${STATUSES[detail.status]}”` : newest && `${nameOf(newest.by)} 刚才修改了“${newest.title}”`;
  if (!words) return;
  $("#news").replaceChildren(icon("info"), h("p", {}, words));
  $("#news").hidden = false;
}

async function start() {
  const submission = Number($("#review").dataset.submission);
  try {
    await open(submission);
    sendLeftovers(submission);
    followOthers();
  } catch (problem) {
    $("#unit").textContent = problem.status === 404 ? "没有这份申请" : "打不开这份申请";
    tell(problem);
  }
}

start();
