// Making forms: blank ones, and one for each row of a roster, which is looked over first.

import { address, download, get, send } from "./api.js";
import { $, h } from "./dom.js";
import { takesFiles } from "./drop.js";
import { bind } from "./keys.js";
import { say, tell } from "./toast.js";
import { KINDS } from "./words.js";

const choice = $("#form"), preview = $("#preview");
let roster = null, asking = 0, picture = null;

const path = (rest) => `/forms/${encodeURIComponent(choice.value)}${rest}`;

async function start() {
  const { items } = await get("/forms");
  choice.append(...items.map((form) => h("option", { value: form.name }, form.title)));
  const query = new URLSearchParams(location.search), wanted = query.get("form");
  if (items.some((form) => form.name === wanted)) choice.value = wanted;
  await chosen();
  if (query.has("new")) say("已启用，可以下载空白表发出去了");
}

async function chosen() {
  history.replaceState(null, "", `?form=${encodeURIComponent(choice.value)}`);
  for (const link of document.querySelectorAll("#blanks a")) link.href = address(path("/blank"), { kind: link.dataset.kind });
  $("#template").href = address(path("/roster"));
  if (roster) await look();
  await versions();
  const form = await get(path(""));
  $("#about").textContent = `第 ${form.version} 版，${form.fields.length} 个栏目，其中 ${form.fields.filter((field) => field.required).length} 个必填`;
}

/** The versions of the form, of which the newest two stand side by side. */
async function versions() {
  const { items } = await get(path("/versions"));
  $("#versions").hidden = items.length < 2;
  if (items.length < 2) return;
  const shown = (one) => h("option", { value: one.version }, `${one.version} 版${one.current ? "（在用）" : ""}`);
  $("#version-new").replaceChildren(...items.map(shown));
  $("#version-old").replaceChildren(...items.map(shown));
  const now = items.findIndex((one) => one.current);
  $("#version-new").value = items[now].version;
  $("#version-old").value = items[now === items.length - 1 ? 0 : now + 1].version;
  await compare();
}

async function compare() {
  const { rows } = await get(path("/comparison"), { old: $("#version-old").value, new: $("#version-new").value });
  const changed = rows.filter((row) => row.told.length);
  $("#versions-sum").textContent = changed.length ? `${changed.length} 栏有变化` : "栏目相同";
  const cell = (field) => h("td", {}, field ? [field.title, h("div", { class: "soft small" }, [KINDS[field.kind], field.required ? "必填" : "", field.unit ?? "", (field.options ?? []).join("、")].filter(Boolean).join(" · "))] : "—");
  $("#compared").replaceChildren(...rows.map((row) => h("tr", { class: row.told.length ? "changed" : null }, cell(row.old), cell(row.new), h("td", {}, row.told.join("；")))));
}

/** A link whose refusal is told on this page, not in its place. */
async function fetched(event) {
  const link = event.target.closest("a.button[href]");
  if (!link || event.ctrlKey || event.shiftKey || event.metaKey) return;
  event.preventDefault();
  const url = new URL(link.href);
  try {
    const { name } = await download(url.pathname.replace("/api/v1", ""), { query: Object.fromEntries(url.searchParams) });
    say(`已下载 ${name}`);
  } catch (problem) {
    tell(problem);
  }
}

function body() {
  const form = new FormData();
  form.append("roster", roster, roster.name);
  return form;
}

async function take([file]) {
  if (!file) return;
  roster = file;
  $("#roster-name").textContent = file.name;
  await look();
}

/** Read the roster and show what each row would become. */
async function look() {
  const mine = (asking += 1);
  try {
    const { rows, left_out } = await send("POST", path("/prefill/preview"), body());
    if (mine !== asking) return;
    const good = rows.filter((row) => !row.problems.length);
    preview.hidden = false;
    const many = rows.length ? `${rows.length} 行，可以生成 ${good.length} 份` : "名册里还没有填写单位（示例一行不算）";
    $("#preview-summary").textContent = many + (good.length < rows.length ? `，${rows.length - good.length} 行有问题，不会生成` : "")
      + (left_out.length ? `；没有使用的列，表格中没有这些栏目：${left_out.join("、")}` : "");
    $("#make").disabled = good.length === 0;
    $("#rows").replaceChildren(...rows.map(shown));
    $("#preview-title").focus({ preventScroll: true });
    preview.scrollIntoView({ block: "start", behavior: "smooth" });
    if (good.length) await sample(good[0]);
    else emptySheet("没有可以生成的行");
  } catch (problem) {
    if (mine !== asking) return;
    preview.hidden = true;
    tell(problem);
  }
}

function shown(row) {
  const bad = row.problems.length > 0;
  const name = bad ? h("span", {}, row.name ?? "") : h("button", { type: "button", class: "quiet small", onclick: () => sample(row), "aria-label": `看 ${row.name} 的样张` }, row.name);
  const told = bad ? [h("span", { class: "status no" }, "有问题"), h("ul", {}, row.problems.map((problem) => h("li", {}, problem)))] : h("span", { class: "status yes" }, "可以生成");
  return h("tr", { "data-row": row.number }, h("td", { class: "number" }, row.number), h("td", {}, name), h("td", {}, told));
}

function emptySheet(text) {
  $("#sample-page").replaceChildren(h("p", { class: "soft small" }, text));
}

/** The first page of what a row would become. */
async function sample(row) {
  const mine = asking;
  for (const one of $("#rows").children) one.classList.toggle("shown", one.dataset.row === String(row.number));
  $("#sample-title").textContent = `样张：${row.name}`;
  emptySheet("正在生成样张…");
  try {
    const { blob } = await download(path("/prefill/sample"), { method: "POST", body: body(), query: { row: row.number }, keep: true });
    if (mine !== asking) return;
    if (picture) URL.revokeObjectURL(picture);
    picture = URL.createObjectURL(blob);
    $("#sample-page").replaceChildren(h("img", { src: picture, alt: `${row.name} 预填表格的第一页` }));
  } catch (problem) {
    emptySheet("样张没有生成");
    tell(problem);
  }
}

async function make() {
  const button = $("#make");
  button.disabled = true;
  try {
    const { name } = await download(path("/prefill"), { method: "POST", body: body(), query: { kind: $("#kind").value } });
    say(`已下载 ${name}`);
  } catch (problem) {
    tell(problem);
  } finally {
    button.disabled = false;
  }
}

for (const one of ["#version-old", "#version-new"]) $(one).addEventListener("change", () => compare().catch(tell));
choice.addEventListener("change", () => chosen().catch(tell));
document.addEventListener("click", fetched);
$("#choose").addEventListener("click", () => $("#roster").click());
$("#roster").addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
$("#make").addEventListener("click", make);
takesFiles($("#drop"), take);
bind("表格", [
  { name: "roster", keys: ["u", "Alt+u"], does: "选择名册", run: () => $("#roster").click(), writing: true },
  { name: "make", keys: ["g", "Alt+g"], does: "生成并下载", run: make, writing: true, when: () => !preview.hidden && !$("#make").disabled },
]);
start().catch(tell);
