// The fields of the definition as a list: a chip for the kind, and the field that one is at opened for editing.

import { $, h } from "../dom.js";
import { KINDS } from "../words.js";
import { fields, mayBecome, moveRow, rename, renameField, setKind, setOptions, titleOf } from "./model.js";

const NOT_WRITTEN = ["choice", "rows", "seal", "signature"];
const list = $("#fields");

/** `state()` gives { form, at, wrong }; `changed(words)` is called after each change, `choose(number)` to go to a field. */
export function fieldList({ state, change, choose, printOf, guide, drop }) {
  function draw() {
    const { form, at } = state(), all = fields(form);
    list.replaceChildren(...all.map((one, number) => line(one, number, number === at)));
  }

  function line(one, number, isOpen) {
    const { item, row } = one, { wrong } = state();
    const faults = wrong.filter((fault) => fault.at.startsWith(one.at));
    const doubts = (row._why ?? []).filter((why) => why.is_doubt && why.text.includes(titleOf(one)));
    const marks = [
      item.required ? h("span", { class: "mark" }, "必填") : null,
      doubts.length ? h("span", { class: "mark doubtful" }, "请核对") : null,
      faults.length ? h("span", { class: "mark bad" }, "有问题") : null,
    ];
    const head = h("button", { type: "button", class: "field-line", "data-number": number, "aria-expanded": String(isOpen), draggable: "true", onclick: () => choose(number) },
      h("span", { class: `chip ${item.kind}` }, KINDS[item.kind] ?? item.kind), h("span", { class: "title" }, titleOf(one)), marks);
    head.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-sealform-field", String(number)));
    const made = h("li", { class: isOpen ? "open" : null, "data-number": number }, head, isOpen ? editor(one, faults) : null);
    made.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("text/x-sealform-field")) event.preventDefault(); });
    made.addEventListener("drop", (event) => dropped(event, number));
    return made;
  }

  function dropped(event, number) {
    const from = event.dataTransfer.getData("text/x-sealform-field");
    if (from === "") return;
    event.preventDefault();
    event.stopPropagation();
    const all = fields(state().form), [moved, target] = [all[Number(from)], all[number]];
    if (!moved || moved.row === target.row) return;
    change("已移动", () => moveRow(state().form, moved.row, target.row));
  }

  function editor(one, faults) {
    const { item, row } = one, id = (name) => `edit-${name}`;
    const text = (name, label, value, set, more = {}) => h("div", { class: "field" }, h("label", { for: id(name) }, label),
      h("input", { type: "text", id: id(name), value: value ?? "", autocomplete: "off", onchange: (event) => change(null, () => set(event.target.value.trim())), ...more }));
    const kinds = h("select", { id: id("kind"), onchange: (event) => change(null, () => setKind(item, event.target.value)) },
      Object.entries(KINDS).filter(([kind]) => mayBecome(one, kind)).map(([kind, words]) => h("option", { value: kind, selected: kind === item.kind }, words)));
    const printed = NOT_WRITTEN.includes(item.kind) ? "" : printOf(one);
    return h("div", { class: "edit" },
      h("div", { class: "pair" },
        text("title", "标题", titleOf(one), (value) => value && rename(one, value)),
        h("div", { class: "field" }, h("label", { for: id("kind") }, "类型"), kinds)),
      ...ofKind(one, text),
      h("div", { class: "pair" },
        text("prompt", item.beside ? `选项“${item.beside}”和空白之间印着的字` : "填写处前印着的字", item.prompt, (value) => put(item, "prompt", value)),
        text("name", "名称（程序用）", item.name, (value) => value && renameField(state().form, item, value), { spellcheck: "false" })),
      text("guidance", "填写说明", (item.guidance ?? []).join(" "), (value) => put(item, "guidance", value ? [value] : null)),
      h("div", { class: "row" },
        item.beside ? null : h("label", { class: "check" }, h("input", { type: "checkbox", checked: Boolean(item.required), onchange: (event) => change(null, () => put(item, "required", event.target.checked || null)) }), "必填"),
        item.kind === "text" ? h("label", { class: "check" }, h("input", { type: "checkbox", checked: state().form.applicant_field === item.name, onchange: (event) => change(null, () => put(state().form, "applicant_field", event.target.checked ? item.name : null)) }), "申请人（收件箱和文件按它称呼）") : null,
        printed ? h("button", { type: "button", class: "small", onclick: () => guide(one, printed) }, "格中的字是填写说明") : null,
        h("button", { type: "button", class: "small", onclick: () => drop(one) }, "不是栏目，只是印好的字 ", h("kbd", { "data-key": "print" }))),
      ...faults.map((fault) => h("p", { class: "note bad small" }, fault.text)),
      h("ul", { class: "why small soft", role: "list" }, (row._why ?? []).filter((why) => why.text.includes(titleOf(one)) || why.is_change).map((why) => h("li", { class: why.is_doubt ? "doubtful" : null }, `${why.is_change ? "变化" : why.is_doubt ? "请核对" : "依据"}：${why.text}`))));
  }

  function ofKind(one, text) {
    const { item } = one;
    if (item.kind === "number") {
      const whole = h("input", { type: "checkbox", checked: Boolean(item.whole), onchange: (event) => change(null, () => put(item, "whole", event.target.checked || null)) });
      return [text("unit", "单位（不限的不填）", item.unit, (value) => put(item, "unit", value)), h("label", { class: "check" }, whole, "整数")];
    }
    if (item.kind === "date") return [text("since", "最早的年份（早于它的提示核对，不填为 1990）", item.since, (value) => put(item, "since", Number(value) || null), { inputmode: "numeric" })];
    if (item.kind === "choice") {
      const lines = h("textarea", { id: "edit-options", rows: Math.min(8, item.options.length + 1), onchange: (event) => change(null, () => setOptions(one, event.target.value.split("\n").map((line) => line.trim()).filter(Boolean))) });
      lines.value = item.options.join("\n");
      const single = h("input", { type: "checkbox", checked: item.max === 1, onchange: (event) => change(null, () => put(item, "max", event.target.checked ? 1 : null)) });
      return [h("div", { class: "field" }, h("label", { for: "edit-options" }, "选项，每行一项"), lines), h("label", { class: "check" }, single, "只能选一项")];
    }
    if (item.kind === "rows") return item.columns.map((column, number) => h("div", { class: "pair" },
      h("div", { class: "field" }, h("label", { for: `column-${number}` }, `第 ${number + 1} 栏`), h("input", { type: "text", id: `column-${number}`, value: column.label, onchange: (event) => change(null, () => { column.label = event.target.value.trim() || column.label; }) })),
      h("div", { class: "field" }, h("label", { for: `column-kind-${number}` }, "类型"), h("select", { id: `column-kind-${number}`, onchange: (event) => change(null, () => setKind(column.field, event.target.value)) },
        Object.entries(KINDS).filter(([kind]) => !["rows", "prose", "seal", "signature"].includes(kind) || kind === column.field.kind).map(([kind, words]) => h("option", { value: kind, selected: kind === column.field.kind }, words))))));
    return [];
  }

  return { draw };
}

function put(item, name, value) {
  if (value === null || value === undefined || value === "") delete item[name];
  else item[name] = value;
}
