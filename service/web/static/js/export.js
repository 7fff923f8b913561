// Exporting: the form, the columns in their order, the format; and presets, which keep all that.

import { download, get, send } from "./api.js";
import { $, $$, h, icon } from "./dom.js";
import { bind } from "./keys.js";
import { say, tell } from "./toast.js";

const form = $("#choices"), list = $("#columns"), presetChoice = $("#preset");
let presets = [], usual = [], asked = 0, counted = 0, counts = { records: null, replaced: 0, unsettled: 0 };
const FEW = 8; // columns that are told by name before one asks

async function start() {
  const { items } = await get("/forms");
  $("#form").append(...items.map((one) => h("option", { value: one.name }, one.title)));
  await showColumns();
  await Promise.all([loadPresets(), count()]);
}

/** How many of what is chosen may be in the file twice, and how many it leaves out: told before the file is made. */
async function count() {
  const mine = ++counted;
  const { form: name, status } = choices();
  const found = await get("/export/counts", { form: name, status });
  if (mine !== counted) return;
  counts = found;
  told();
}

function tellTwins() {
  const marked = columns().includes("_twins") ? "文件中“疑似重复（编号）”一列注明与哪一份重复。" : "所选的列中没有“疑似重复（编号）”，文件里看不出来。";
  $("#twins").hidden = !counts.unsettled;
  $("#twins").replaceChildren(icon("alert"), h("p", {}, `其中 ${counts.unsettled} 份疑似重复，还没有处理。${marked}`, h("a", { href: "/?twins=true" }, "去处理")));
  $("#replaced").hidden = !counts.replaced;
  $("#replaced").textContent = `已被替换 ${counts.replaced} 份，不导出。`;
}

/** `chosen`: the names of columns in their order; without it the usual ones. Until they are here nothing can be chosen, which a late
 *  answer would undo; and only the last question's answer counts. */
async function showColumns(chosen = null) {
  const mine = ++asked;
  list.replaceChildren();
  $("#columns-count").textContent = "";
  const { items } = await get("/export/columns", { form: $("#form").value });
  if (mine !== asked) return;
  usual = items;
  const order = chosen ? [...chosen.map((name) => usual.find((one) => one.name === name)).filter(Boolean), ...usual.filter((one) => !chosen.includes(one.name))] : usual;
  list.replaceChildren(...order.map((column) => row(column, chosen ? chosen.includes(column.name) : column.usual)));
  told();
}

function row({ name, title }, checked) {
  const box = h("input", { type: "checkbox", value: name, checked });
  const arrow = (by, label) => h("button", { type: "button", class: "quiet small", "aria-label": `${title} ${label}`, onclick: (event) => move(event.currentTarget.closest("li"), by, event.currentTarget) }, icon(by < 0 ? "up" : "down"));
  return h("li", {}, h("label", { class: "check" }, box, title), arrow(-1, "上移"), arrow(1, "下移"));
}

function move(item, by, focus) {
  const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (by < 0) other.before(item);
  else other.after(item);
  for (const one of list.children) one.classList.toggle("moved", one === item);
  focus.focus();
  $("#columns-count").textContent = `${$("label", item).textContent}：第 ${[...list.children].indexOf(item) + 1} 列`;
  item.scrollIntoView({ block: "nearest" });
}

const columns = () => $$("input:checked", list).map((box) => box.value);

function choices() {
  const data = new FormData(form);
  return { format: data.get("format"), form: data.get("form"), status: data.get("status"), columns: columns() };
}

function told() {
  const chosen = columns().length;
  $("#columns-count").textContent = `已选 ${chosen} / ${usual.length} 列`;
  $("#download").disabled = chosen === 0;
  const title = $("#form").selectedOptions[0]?.textContent ?? "";
  tellTwins();
  const which = choices().status === "accepted" ? "已受理的" : "";
  const many = counts.records === null ? "" : counts.records ? `${counts.records} 份${which}申请` : `还没有${which}申请，文件里只有表头`;
  $("#told").textContent = chosen ? `《${title}》${many}，${chosen} 列：` : "请至少选一列。";
  const names = $$("input:checked", list).map((box) => box.closest("label").textContent);
  $("#told-columns").textContent = names.slice(0, FEW).join("、") + (names.length > FEW ? `，等 ${names.length} 列（按左边的顺序）` : "");
}

async function save(event) {
  event?.preventDefault();
  const { format, form: name, status, columns: chosen } = choices();
  const query = { format, form: name, status, columns: chosen.join(",") };
  $("#download").disabled = true;
  try {
    const file = await download("/export", { query });
    say(`已下载 ${file.name}`);
  } catch (problem) {
    tell(problem);
  } finally {
    told();
  }
}

// ---- presets

async function loadPresets(selected = "") {
  presets = (await get("/presets")).items;
  presetChoice.replaceChildren(h("option", { value: "" }, "（不用方案）"), ...presets.map((one) => h("option", { value: one.id }, one.name)));
  presetChoice.value = selected;
  $("#preset-drop").hidden = !presetChoice.value;
}

async function apply() {
  const preset = presets.find((one) => String(one.id) === presetChoice.value);
  $("#preset-drop").hidden = !preset;
  if (!preset) return;
  const { content } = preset;
  if (content.form) $("#form").value = content.form;
  for (const name of ["format", "status"]) if (content[name]) form.elements[name].value = content[name];
  await Promise.all([showColumns(content.columns?.length ? content.columns : null), count()]);
  say(`已用方案“${preset.name}”`, { kind: "info" });
}

async function keep() {
  const name = $("#preset-name").value.trim();
  if (!name) return $("#preset-name").focus();
  try {
    const made = await send("POST", "/presets", { name, content: choices() });
    $("#preset-name").value = "";
    await loadPresets(String(made.id));
    say(`已保存方案“${name}”`);
  } catch (problem) {
    tell(problem);
  }
  return undefined;
}

async function drop() {
  const preset = presets.find((one) => String(one.id) === presetChoice.value);
  try {
    await send("DELETE", `/presets/${preset.id}`);
    await loadPresets();
    presetChoice.focus();
    say(`已删除方案“${preset.name}”`, { undo: async () => {
      const made = await send("POST", "/presets", { name: preset.name, content: preset.content });
      await loadPresets(String(made.id));
    } });
  } catch (problem) {
    tell(problem);
  }
}

function every(checked) {
  for (const box of $$("input", list)) box.checked = checked;
  told();
}

form.addEventListener("submit", save);
form.addEventListener("change", (event) => {
  if (event.target === presetChoice) apply().catch(tell);
  else if (event.target.id === "form") Promise.all([showColumns(), count()]).catch(tell);
  else if (event.target.name === "status") count().catch(tell);
  else told();
});
$("#preset-save").addEventListener("click", keep);
$("#preset-name").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); keep(); } });
$("#preset-drop").addEventListener("click", drop);
$("#every").addEventListener("click", () => every(true));
$("#none").addEventListener("click", () => every(false));
$("#usual").addEventListener("click", () => showColumns().catch(tell));
const isColumn = (at) => at.matches("#columns input");
bind("导出", [
  { name: "download", keys: ["d", "Ctrl+Enter"], does: "下载", run: () => save(), writing: true, when: () => !$("#download").disabled },
  { name: "up", keys: ["Alt+ArrowUp"], does: "所在的列上移", run: ({ target }) => move(target.closest("li"), -1, target), when: isColumn },
  { name: "down", keys: ["Alt+ArrowDown"], does: "所在的列下移", run: ({ target }) => move(target.closest("li"), 1, target), when: isColumn },
]);
start().catch(tell);
