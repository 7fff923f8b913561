// The list of questions with answers that wait for a person.

import { get } from "./api.js";
import { $, $$, h } from "./dom.js";
import { bind } from "./keys.js";
import { tell } from "./toast.js";

function row({ form, field, title, doubtful }, titles) {
  const path = `/questions/${encodeURIComponent(form)}/${encodeURIComponent(field)}`;
  return h("tr", {}, h("td", {}, h("a", { href: path }, title)), h("td", { class: "soft" }, titles.get(form) ?? form), h("td", { class: "number" }, String(doubtful)));
}

function move(by) {
  const links = $$("#questions a");
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

async function start() {
  try {
    const [{ items }, forms] = await Promise.all([get("/questions"), get("/forms")]);
    const titles = new Map(forms.items.map((form) => [form.name, form.title]));
    $("#questions").replaceChildren(items.length ? h("table", { class: "table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "题目"), h("th", { scope: "col" }, "表格"), h("th", { scope: "col", class: "number" }, "待核对"))),
      h("tbody", {}, items.map((item) => row(item, titles)))) : h("p", { class: "note ok" }, "没有待核对的内容。"));
    move(1);
  } catch (problem) { tell(problem); }
}

bind("按题复核", [
  { name: "next", keys: ["ArrowDown", "j"], does: "下一题", run: () => move(1) },
  { name: "before", keys: ["ArrowUp", "k"], does: "上一题", run: () => move(-1) },
  { name: "open", keys: ["Enter"], does: "打开这一题", run: ({ target }) => target.click(), when: (at) => at.matches("#questions a") },
]);

start();
