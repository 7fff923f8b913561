// Files onto the page: dropped anywhere, chosen or pasted, whole folders too. Each is shown on its way: sent, waiting, being read, done.

import { freshKey, get, live, upload } from "./api.js";
import { $, $$, h } from "./dom.js";
import { folderOf, takesFiles } from "./drop.js";
import { called } from "./inbox_row.js";
import { say } from "./toast.js";
import { STATUSES, UNREADABLE, size } from "./words.js";

const SENDING = 1; // requests at a time: numbers are given in the order of the files
const WATCHING = 2; // streams at a time: a browser allows six connections to a host
const list = $("#uploads-list"), panel = $("#uploads");
const waiting = []; // sendings whose turn has not come
const watched = []; // uploads that are not done, oldest first
let running = 0, streams = 0, whenSettled = () => {};

/** Take files from here on; `settled()` is called whenever an upload is done. */
export function takeFiles({ settled }) {
  whenSettled = settled;
  const chooser = $("#files");
  $("#choose").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => { take([...chooser.files]); chooser.value = ""; });
  $("#uploads-clear").addEventListener("click", clear);
  addEventListener("paste", (event) => event.clipboardData?.files.length && take([...event.clipboardData.files]));
  addEventListener("beforeunload", (event) => { if (running || waiting.length) event.preventDefault(), (event.returnValue = ""); });
  takesFiles($("#drop"), take, () => { $("#drop-how").textContent = HOW[together()]; });
}

const HOW = {
  auto: "每个文件先各算一份，编号、单位和内容相符的合为一份；子文件夹各为一份",
  true: "所有文件作为同一份申请",
  false: "每个文件作为一份申请",
};
const together = () => $("[name=together]:checked").value;

/** What goes into a request each: [{ files, together }]. A folder in a folder is one sender's, as for `sealform extract`. */
function groupsOf(files) {
  if (together() === "true") return [{ files, together: "true" }];
  if (together() === "false") return files.map((file) => ({ files: [file], together: "true" }));
  const senders = new Map();
  for (const file of files) {
    const inside = folderOf(file).split("/").slice(0, 2);
    const sender = inside.length > 1 ? inside.join("/") : "";
    senders.set(sender, [...(senders.get(sender) ?? []), file]);
  }
  return [...senders].flatMap(([folder, some]) => (folder ? [{ files: some, together: "true" }] : portions(some).map((one) => ({ files: one, together: "auto" }))));
}

/** As many at once as the service takes, in the order of their names: what belongs together is mostly called alike. */
function portions(files) {
  const { mostFiles, mostBytes } = $("#files").dataset;
  const found = [];
  let room = 0;
  for (const file of [...files].sort((a, b) => a.name.localeCompare(b.name, "zh-CN", { numeric: true }))) {
    if (!found.length || found.at(-1).length >= Number(mostFiles) || file.size > room) {
      found.push([]);
      room = Number(mostBytes) * .95; // the request says more than its files
    }
    found.at(-1).push(file);
    room -= file.size;
  }
  return found;
}

function take(files) {
  const known = files.filter((file) => !/^(Thumbs\.db|desktop\.ini|\.DS_Store|~\$.*)$/i.test(file.name));
  if (!known.length) return;
  for (const group of groupsOf(known)) {
    const sending = { ...group, key: freshKey(), form: $("#upload-form").value, lines: group.files.map(line) };
    list.append(...sending.lines.map((one) => one.element));
    waiting.push(sending);
  }
  panel.hidden = false;
  proceed();
}

function line(file) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": `${file.name} 的进度` });
  const outcome = h("span", { class: "outcome small" }, "等待上传");
  const name = [folderOf(file), file.name].filter(Boolean).join("/");
  return { bar, outcome, element: h("li", {}, h("span", { class: "name" }, name), h("span", { class: "small soft nowrap" }, size(file.size)), bar, outcome) };
}

function proceed() {
  while (running < SENDING && waiting.length) start(waiting.shift());
  summary();
}

async function start(sending) {
  running += 1;
  const form = new FormData();
  for (const file of sending.files) form.append("files", file, file.name);
  if (sending.form) form.append("form", sending.form);
  form.append("together", sending.together);
  const show = (part) => shown(sending.lines, part < 1 ? `上传中 ${Math.round(part * 100)}%` : "正在保存", part * .5);
  try {
    const answer = await upload("/uploads", form, { key: sending.key, onProgress: show });
    for (const one of answer.uploads) watch(one, sending.lines);
  } catch (problem) {
    failed(sending, problem);
  } finally {
    running -= 1;
    proceed();
  }
}

function failed(sending, problem) {
  const again = h("button", { type: "button", class: "small", onclick: () => { shown(sending.lines, "等待上传", 0); waiting.push(sending); proceed(); } }, "重试");
  for (const [at, one] of sending.lines.entries()) {
    one.element.classList.add("ended");
    one.outcome.replaceChildren(h("span", { class: "status no" }, "没有上传"), problem.sentence, at === 0 ? again : "");
  }
}

function shown(lines, text, part) {
  for (const { bar, outcome, element } of lines) {
    element.classList.remove("ended");
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    if (outcome.textContent !== text) outcome.replaceChildren(text);
  }
}

// ---- reading, as the service tells it

function watch(state, lines) {
  const one = { id: state.id, lines };
  watched.push(one);
  if (!told(one, state)) follow();
}

/** Streams for the oldest that are not done: these are the ones being read. */
function follow() {
  for (const one of watched) {
    if (streams >= WATCHING) return;
    if (one.stop) continue;
    streams += 1;
    one.stop = live(`/uploads/${one.id}/events`, { event: (name, state) => (name === "upload" && told(one, state) ? "stop" : undefined) });
  }
}

/** What was withdrawn before its turn came is never read. */
const isDone = (state) => state.state === "done" || state.submissions.every(({ status }) => status !== "received" && status !== "reading");

/** Show the state of an upload; true when it is done. */
function told(one, state) {
  if (!isDone(state)) {
    shown(one.lines, reading(state), part(state.progress));
    return false;
  }
  if (!watched.includes(one)) return true;
  watched.splice(watched.indexOf(one), 1);
  if (one.stop) { one.stop(); streams -= 1; }
  for (const [at, { outcome, element }] of one.lines.entries()) {
    element.classList.add("ended");
    outcome.replaceChildren(...become(state.files[at], state.submissions));
  }
  follow();
  summary();
  whenSettled();
  return true;
}

function reading({ state, progress }) {
  if (state === "received") return "等待读取";
  const far = progress?.total > 1 ? ` ${progress.done}/${progress.total}` : "";
  return `正在读取${far}${progress?.part ? ` · ${progress.part}` : ""}`;
}

const part = (progress) => (progress?.total ? .5 + (progress.done / progress.total) * .5 : null);

/** What became of a file: each submission that it went into, and what of it went into none. */
function become(file, submissions) {
  const known = file.submissions.length || file.left.length ? submissions.filter(({ id }) => file.submissions.includes(id)) : submissions;
  const duplicate = file.state === "duplicate" && !known.length;
  const left = file.left.map((name) => h("span", { class: "soft" }, duplicate ? "与另一个文件相同，只读取一次" : name === file.name ? "不是申请表，没有归入任何申请" : `其中“${name.slice(name.indexOf("/") + 1)}”没有归入任何申请`));
  return [...known.map(result), ...left];
}

function result(summary) {
  const why = summary.status === "unreadable" ? UNREADABLE[summary.error_code] : summary.doubtful ? `${summary.doubtful} 项待核对` : "";
  return h("span", { class: "row" }, h("span", { class: `status ${summary.status}` }, STATUSES[summary.status]),
    h("a", { href: `/submissions/${summary.id}` }, called(summary)), why ? h("span", { class: "soft" }, why) : null);
}

function summary() {
  const every = $$("li", list), done = every.filter((one) => one.classList.contains("ended"));
  const text = done.length === every.length ? `${every.length} 个文件都已处理` : `${every.length} 个文件，已处理 ${done.length} 个`;
  if ($("#uploads-summary").textContent !== text) $("#uploads-summary").textContent = text;
}

function clear() {
  for (const one of $$("li.ended", list)) one.remove();
  panel.hidden = !list.children.length;
  if (panel.hidden) say("已收起。上传的申请都在下面的列表中", { kind: "info" });
}

// Streams rest while the tab is hidden; what they missed is asked for when it is looked at again.
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  for (const one of [...watched]) {
    try { told(one, await get(`/uploads/${one.id}`)); } catch { /* the stream tells it */ }
  }
});
