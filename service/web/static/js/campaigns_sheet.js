// The bureau's own 汇总表: a template is chosen, what its columns mean is looked over, and it is filled in.

import { download, send } from "./api.js";
import { $, h } from "./dom.js";
import { say, tell } from "./toast.js";

/** `path(rest)` is the campaign's own. Does nothing where the page has no such place. */
export function ownSheet(path) {
  const file = $("#own-file");
  if (!file) return;
  let selects = new Map();

  function choice(column, sources) {
    const select = h("select", { "aria-label": `“${column.heading}”填什么` }, h("option", { value: "" }, "空着"), sources.map((one) => h("option", { value: one.source }, one.title)));
    select.value = column.source ?? "";
    selects.set(column.number, select);
    const state = column.sure ? "同名" : column.source ? "名称相近，请核对" : "没有对应，请选择或空着";
    return h("tr", {}, h("td", {}, column.heading), h("td", {}, select), h("td", {}, state));
  }

  function show(found) {
    selects = new Map();
    $("#own-columns").replaceChildren(h("table", { class: "table" },
      h("thead", {}, h("tr", {}, ["栏目", "填什么", "怎样对应"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, found.columns.map((column) => choice(column, found.sources)))));
    $("#own-notes").replaceChildren(...found.notes.map((note) => h("li", {}, note)));
    $("#own-found").hidden = false;
  }

  function sent() {
    const form = new FormData();
    form.append("template", file.files[0]);
    return form;
  }

  async function look() {
    $("#own-found").hidden = true;
    if (!file.files.length) return;
    try { show(await send("POST", path("/summary/preview"), sent())); } catch (problem) { tell(problem); }
  }

  async function fill(each) {
    const form = sent();
    form.append("columns", JSON.stringify(Object.fromEntries([...selects].map(([number, select]) => [number, select.value || null]))));
    try {
      const { name } = await download(path("/summary"), { method: "POST", body: form, query: { each } });
      say(`已下载 ${name}`);
    } catch (problem) { tell(problem); }
  }

  file.addEventListener("change", look);
  $("#own-whole").addEventListener("click", () => fill(false));
  $("#own-each").addEventListener("click", () => fill(true));
}
