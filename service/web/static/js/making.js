// A new form: a file is dropped, a job drafts its definition, a person looks it over on the picture of it, tries it and puts it in force.

import { download, get, send } from "./api.js";
import { $, h } from "./dom.js";
import { takesFiles } from "./drop.js";
import { bind } from "./keys.js";
import { boxes } from "./making/boxes.js";
import { fieldList } from "./making/list.js";
import { add, fields, mended, move, nextVersion, opened, remove, rename, renewed, sent, titleOf, toPrint } from "./making/model.js";
import { ended, trial } from "./making/trial.js";
import { say, tell } from "./toast.js";
import { KINDS } from "./words.js";

const BLANKS = /^[\s_＿年月日时点分至到自起止—~-]*$/; // what is printed where a time is to be written
const KEPT = "sealform.making.";
let draft = null; // what the service said of the file: its number, pages, spots
let form = null, at = -1, wrong = [];
let picked = null; // a spot that belongs to no field

const page = boxes({ chosen, joined, resized });
const list = fieldList({ state: () => ({ form, at, wrong }), change, choose, printOf, guide, drop });
const trying = trial({ form: () => form, wrong: showWrong, out });

// ---- where a form comes from -----------------------------------------------------------------------------------------------------

async function start() {
  const query = new URLSearchParams(location.search);
  for (const { name, version, title } of (await get("/forms")).items) $("#known").append(h("option", { value: name, "data-version": version }, `${title}（${version}）`));
  if (query.get("draft")) return follow(query.get("draft"));
  return query.get("form") ? edit(query.get("form")) : undefined;
}

async function take([file]) {
  if (!file) return;
  const body = new FormData();
  body.append("file", file, file.name);
  try {
    waiting(0, "正在上传");
    const { id } = await send("POST", "/drafts", body);
    history.replaceState(null, "", `?draft=${id}`);
    await follow(id);
  } catch (problem) {
    stopped(problem);
  }
}

async function follow(id) {
  try {
    const told = await ended(`/drafts/${id}`, waiting);
    draft = { ...told, id };
    const kept = localStorage.getItem(KEPT + id);
    open(kept ? JSON.parse(kept) : opened(told));
    looksLike(told.alike);
  } catch (problem) {
    stopped(problem);
  }
}

function waiting(share, doing) {
  $("#start").classList.add("busy");
  $("#draft-bar").hidden = false;
  $("#draft-bar").value = share;
  $("#draft-now").textContent = doing;
}

function stopped(problem) {
  $("#start").classList.remove("busy");
  $("#start").hidden = false;
  $("#work").hidden = true;
  $("#draft-bar").hidden = true;
  $("#draft-now").textContent = "";
  history.replaceState(null, "", location.pathname);
  tell(problem);
}

/** The next version of a form that is there, without a picture. */
async function edit(name) {
  const known = await get(`/forms/${encodeURIComponent(name)}/definition`);
  draft = null;
  open(opened({ form: { ...known, version: nextVersion(known.version) } }));
}

function open(made) {
  form = made;
  at = fields(form).length ? 0 : -1;
  $("#start").hidden = true;
  $("#work").hidden = false;
  $("#original").hidden = !draft?.pages.length;
  for (const name of ["title", "name", "version"]) $(`#form-${name}`).value = form[name];
  const doubts = [...form._why, ...form.rows.flatMap((row) => row._why)].filter((why) => why.is_doubt);
  $("#doubts").hidden = !doubts.length;
  $("#doubts-list").replaceChildren(...doubts.map((why) => h("li", {}, why.text)));
  $("#doubts summary").textContent = `${doubts.length} 处请核对`;
  show();
  $("#work-title").focus({ preventScroll: true });
}

function looksLike(alike) {
  $("#alike").hidden = !alike;
  if (!alike) return;
  $("#alike-words").textContent = `像“${alike.title}”${alike.version} 版：${Math.round(alike.share * 100)}% 的栏目相同。`;
  $("#renew").onclick = async () => {
    try {
      const told = await send("POST", `/renewals/${alike.name}/${alike.version}`, new Blob([sent(form)], { type: "application/yaml" }));
      form = renewed(form, told);
      $("#alike").hidden = true;
      open(form);
      keep();
      const changes = told.changes.map((one) => h("li", {}, one.text));
      $("#changes").hidden = !changes.length;
      $("#changes-list").replaceChildren(...changes);
      say(changes.length ? `相同的栏目沿用了名称，有 ${changes.length} 处变化` : "相同的栏目沿用了名称，没有变化");
    } catch (problem) { tell(problem); }
  };
}

// ---- looking it over -------------------------------------------------------------------------------------------------------------

const count = () => fields(form).length;
const now = () => fields(form)[at];

function show() {
  list.draw();
  $("#count").textContent = `${count()} 个栏目`;
  if (draft?.pages.length) {
    const roles = new Map();
    for (const [number, one] of fields(form).entries()) {
      const { label, answers } = one.item._at ?? { label: null, answers: [] };
      for (const spot of answers) roles.set(spot, { role: "answer", parts: answers, words: `填写处：${titleOf(one)}，${KINDS[one.item.kind]}`, field: number });
      if (label !== null && !answers.includes(label)) roles.set(label, { role: "label", words: `标题：${titleOf(one)}`, field: number });
    }
    page.draw(draft.id, draft.pages, draft.spots, (spot) => roles.get(spot) ?? (draft.spots[spot].text.trim()
      ? { role: "print", words: `印好的字：${draft.spots[spot].text.trim().slice(0, 40)}` } : { role: "empty", words: "空格，不属于任何栏目" }));
  }
  lit();
}

function lit() {
  const place = now()?.item._at;
  page.light(picked !== null ? [picked] : place ? [...place.answers, ...(place.label === null ? [] : [place.label])] : []);
  $("#picked").hidden = picked === null;
  if (picked !== null) $("#picked-words").textContent = draft.spots[picked].text.trim() ? `“${draft.spots[picked].text.trim().slice(0, 40)}”不属于任何栏目。` : "这个空格不属于任何栏目。";
}

function choose(number, { focus = true } = {}) {
  at = Math.max(0, Math.min(number, count() - 1));
  picked = null;
  list.draw();
  lit();
  if (focus) $(`.field-line[data-number="${at}"]`)?.focus();
}

/** A box on the picture was chosen: its field, or what can be done with a place that has none. */
function chosen(spot) {
  const number = fields(form).findIndex(({ item }) => item._at && (item._at.label === spot || item._at.answers.includes(spot)));
  if (number >= 0) return choose(number);
  picked = spot;
  lit();
  return $("#add-field").focus();
}

/** Two boxes become the label and the answer of one field. */
function joined(from, to) {
  const worded = (spot) => draft.spots[spot].text.trim() !== "";
  const [label, answer] = worded(from) ? [from, to] : [to, from];
  if (!worded(label)) return say("其中一个框应有文字，作标题", { kind: "info" });
  const all = fields(form), words = draft.spots[label].text.trim().replace(/\s+/g, "").replace(/[:：]$/, "");
  const known = all.find(({ item }) => item._at?.answers.includes(answer));
  if (known) return change(`“${words}”是这一栏的标题了`, () => {
    for (const { item } of all) if (item._at?.label === label) item._at.label = null;
    known.item._at.label = label;
    delete known.item.label;
    rename(known, words);
    at = all.indexOf(known);
  });
  return change(`加了“${words}”`, () => {
    const item = add(form, words, { label, answers: [answer] }, now());
    at = fields(form).findIndex((one) => one.item === item);
  });
}

/** A box takes in all of `taken`, and gives back what is not among it. What a label takes makes its words; another field loses what an
 * answer takes, and is none any more without a place. */
function resized(spot, taken) {
  const all = fields(form), one = all.find(({ item }) => item._at?.answers.includes(spot)) ?? all.find(({ item }) => item._at?.label === spot);
  if (!one) { say("先把这个框加为栏目，再改大小", { kind: "info" }); return show(); }
  if (one.item._at.label === spot && !one.item._at.answers.includes(spot)) {
    const words = taken.map((number) => draft.spots[number].text.trim().replace(/\s+/g, "")).join("").replace(/[:：]$/, "");
    return words && words !== one.cell.label ? change(`标题改为“${words}”`, () => rename(one, words)) : show();
  }
  const answers = taken.filter((number) => number !== one.item._at.label);
  if (!answers.length || answers.join() === one.item._at.answers.join()) return show();
  return change(`“${titleOf(one)}”的填写处改了`, () => {
    one.item._at.answers = answers;
    for (const other of all) {
      if (other === one || !other.item._at) continue;
      const before = other.item._at.answers.length;
      if (answers.includes(other.item._at.label)) other.item._at.label = null;
      other.item._at.answers = other.item._at.answers.filter((number) => !answers.includes(number));
      if (before && !other.item._at.answers.length) remove(form, other);
    }
    at = fields(form).findIndex(({ item }) => item === one.item);
  });
}

/** The field that a place without one becomes; its words are the label, or else those left of it. */
function fromPicked() {
  const spot = draft.spots[picked];
  const left = draft.spots.map((other, number) => ({ other, number })).filter(({ other }) => other.page === spot.page && other.box && spot.box && other.text.trim()
    && other.box[2] <= spot.box[0] + 2 && other.box[1] < spot.box[3] && other.box[3] > spot.box[1]).sort((a, b) => b.other.box[2] - a.other.box[2])[0];
  const place = spot.text.trim() ? { label: picked, answers: [] } : { label: left?.number ?? null, answers: [picked] };
  const words = (spot.text.trim() || left?.other.text || "新的一栏").replace(/\s+/g, "");
  change(`加了“${words}”`, () => {
    const item = add(form, words, place, now());
    at = fields(form).findIndex((one) => one.item === item);
  });
}

/** The words that stand where an answer goes. */
function printOf({ item }) {
  const answers = item._at?.answers ?? [];
  const words = item._at && answers.length === 1 && answers[0] !== item._at.label ? draft?.spots[answers[0]].text.trim() ?? "" : "";
  return BLANKS.test(words) ? "" : words;
}

function guide(one, words) {
  change("作填写说明了", () => { one.item.guidance = words.split("\n").map((line) => line.trim()).filter(Boolean); });
}

function drop(one) {
  change(`“${titleOf(one)}”不再是栏目`, () => toPrint(one, printOf(one)));
}

/** Make a change, keep it, and say it with a way back. */
function change(words, make) {
  const before = JSON.stringify(form), place = at, focus = document.activeElement?.id;
  if (make() === false) return;
  mended(form);
  picked = null;
  at = Math.min(at, count() - 1);
  keep();
  show();
  const again = focus && document.getElementById(focus);
  if (again) again.focus();
  else $(`.field-line[data-number="${at}"]`)?.focus();
  if (words) say(words, { undo: () => { form = JSON.parse(before); at = place; keep(); show(); } });
}

function keep() {
  if (draft) localStorage.setItem(KEPT + draft.id, JSON.stringify(form));
}

function showWrong(problems) {
  wrong = problems;
  const outside = problems.filter((fault) => !fault.at.includes(".content["));
  $("#wrong").hidden = !problems.length;
  $("#wrong-list").replaceChildren(...outside.map((fault) => h("li", {}, fault.at ? `${fault.at}：${fault.text}` : fault.text)));
  $("#wrong-count").textContent = problems.length ? `有 ${problems.length} 处问题，改好后再试。` : "";
  const first = fields(form).findIndex((one) => problems.some((fault) => fault.at.startsWith(one.at)));
  if (first >= 0) choose(first);
  else list.draw();
}

async function out(made) {
  if (draft) {
    localStorage.removeItem(KEPT + draft.id);
    await send("DELETE", `/drafts/${draft.id}`).catch(() => {}); // it goes by itself after a day
  }
  location.assign(`/forms?form=${encodeURIComponent(made.name)}&new=1`);
}

async function save() {
  try {
    const { name } = await download("/definitions", { method: "POST", body: new Blob([sent(form)], { type: "application/yaml" }) });
    say(`已下载 ${name}`);
  } catch (problem) {
    if (problem.code === "definition-invalid") showWrong(problem.detail.split("\n").map((text) => ({ at: "", text })));
    else tell(problem);
  }
}

for (const name of ["title", "name", "version"]) $(`#form-${name}`).addEventListener("change", (event) => { form[name] = event.target.value.trim(); keep(); });
$("#choose").addEventListener("click", () => $("#file").click());
$("#file").addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
$("#edit-known").addEventListener("click", () => { if ($("#known").value) location.assign(`/forms/new?form=${encodeURIComponent($("#known").value)}`); });
$("#again").addEventListener("click", () => location.assign("/forms/new"));
$("#add-field").addEventListener("click", () => picked !== null && fromPicked());
$("#add-plain").addEventListener("click", () => change("加了一栏", () => { const item = add(form, "新的一栏", { label: null, answers: [] }, now()); at = fields(form).findIndex((one) => one.item === item); }));
$("#try").addEventListener("click", () => trying.run());
$("#publish").addEventListener("click", () => trying.publish());
$("#save").addEventListener("click", save);
takesFiles($("#drop"), take);

const working = () => !$("#work").hidden;
const onList = (element) => working() && Boolean(element.closest("#fields")) && !element.closest(".edit");
bind("新建表格", [
  { name: "choose", keys: ["u", "Alt+u"], does: "选择文件", run: () => $("#file").click(), when: () => !working() && !$("#start").classList.contains("busy") },
  { name: "next", keys: ["j", "ArrowDown"], does: "下一栏", run: () => choose(at + 1), when: (element) => working() && !page.shows(element) && !element.closest(".edit, select") },
  { name: "previous", keys: ["k", "ArrowUp"], does: "上一栏", run: () => choose(at - 1), when: (element) => working() && !page.shows(element) && !element.closest(".edit, select") },
  { name: "edit", keys: ["Enter", "e"], does: "修改这一栏", run: () => { $("#edit-title")?.focus(); $("#edit-title")?.select(); }, when: onList },
  { name: "leave", keys: ["Escape"], does: "回到栏目列表", run: () => $(`.field-line[data-number="${at}"]`)?.focus(), writing: true, when: (element) => working() && Boolean(element.closest(".edit, #pages")) },
  { name: "up", keys: ["Alt+ArrowUp"], does: "上移", run: () => change(null, () => shift(-1)), writing: true, when: (element) => working() && Boolean(element.closest("#fields")) },
  { name: "down", keys: ["Alt+ArrowDown"], does: "下移", run: () => change(null, () => shift(1)), writing: true, when: (element) => working() && Boolean(element.closest("#fields")) },
  { name: "print", keys: ["p"], does: "不是栏目，只是印好的字", run: () => drop(now()), when: onList },
  { name: "remove", keys: ["Delete"], does: "去掉这一栏", run: () => { const one = now(); change(`去掉了“${titleOf(one)}”`, () => remove(form, one)); }, when: onList },
  { name: "hold", keys: [" "], does: "拿起一个框，放到另一个框上", run: () => page.pickUp(), own: true, when: (element) => working() && page.shows(element) },
  ...[["wider", "ArrowRight", "框向右加大", [1, 0]], ["narrower", "ArrowLeft", "框从右边缩小", [-1, 0]], ["taller", "ArrowDown", "框向下加大", [0, 1]], ["lower", "ArrowUp", "框从下边缩小", [0, -1]]].map(([name, arrow, does, step]) => (
    { name, keys: [`Shift+${arrow}`], does, run: () => page.resize(step), own: true, when: (element) => working() && page.shows(element) })),
  { name: "try", keys: ["t", "Alt+t"], does: "试填试读", run: () => trying.run(), writing: true, when: working },
  { name: "publish", keys: ["Ctrl+Enter"], does: "启用", run: () => trying.publish(), writing: true, when: working },
]);

function shift(step) {
  const one = now();
  if (!move(form, one, step)) return false;
  at = fields(form).findIndex(({ item }) => item === one.item);
  return true;
}

start().catch(tell);
