// One submission as a row of the table.

import { h } from "./dom.js";
import { STATUSES, UNREADABLE, ago, moment } from "./words.js";

const MOST_TITLES = 4, MOST_TWINS = 3;

/** Whether a submission can be accepted without a look: nothing in doubt, nothing wrong, and it came once. */
export const isReady = (summary) => summary.status === "in-review" && summary.doubtful === 0 && summary.errors === 0 && summary.unsettled_twins.length === 0;

// The order of urgency (service/store/urgency.py), and what each stage of it is called above its first row.
const STAGES = [
  ["blocked", "先处理：读不了，或疑似重复"], ["doubtful", "有疑问，要核对"], ["clear", "没有疑问，可以受理"], ["reading", "正在读取"], ["decided", "已有决定，新的在前"],
];

/** The number of the stage that a submission is in. */
function stageOf(summary) {
  if (summary.status === "received" || summary.status === "reading") return 3;
  if (summary.status === "unreadable") return 0;
  if (summary.status !== "in-review") return 4;
  return isReady(summary) ? 2 : summary.unsettled_twins.length ? 0 : 1;
}

/** Whether what was still being read now is. */
export const isRead = (before, now) => stageOf(before) === 3 && stageOf(now) !== 3;

/** Say above the first row of each stage what it is; nothing where `rows`, { summary, row } as they stand, are in another order. */
export function markStages(rows, isUrgent) {
  let reached = -1;
  for (const { summary, row } of rows) {
    const stage = stageOf(summary);
    const begins = isUrgent && stage > reached;
    reached = Math.max(reached, stage);
    row.classList.toggle("begins", begins);
    const cell = row.querySelector("td:nth-child(2)");
    cell.querySelector(".stage")?.remove();
    if (begins) cell.prepend(h("span", { class: "stage", "data-stage": STAGES[stage][0] }, STAGES[stage][1]));
  }
}

/** What people call it: the unit that applies, or the file while that isn't known. */
export const called = (summary) => summary.unit || summary.name;

/** (Re)build the cells of `row`; whether it is picked and where the focus is stay. */
export function fill(row, summary, titles) {
  const had = row.contains(document.activeElement) ? document.activeElement.className || document.activeElement.type : null;
  const picked = row.querySelector("input")?.checked ?? false;
  row.replaceChildren(
    h("td", { class: "pick unprinted" }, h("label", {}, h("input", { type: "checkbox", class: "picker", checked: picked, "aria-label": `选择 ${called(summary)}` }))),
    h("td", {}, h("a", { class: "unit", href: `/submissions/${summary.id}` }, called(summary)), origin(summary)),
    h("td", {}, h("span", { class: `status ${summary.status}` }, STATUSES[summary.status] ?? summary.status)),
    h("td", {}, twins(summary), doubts(summary)),
    h("td", { class: "small" }, summary.form ? titles[summary.form] ?? summary.form : h("span", { class: "soft" }, "—")),
    h("td", { class: "small nowrap" }, h("time", { datetime: summary.received_at, title: moment(summary.received_at) }, ago(summary.received_at))),
  );
  if (had) row.querySelector(had === "picker" ? ".picker" : ".unit").focus();
}

/** Tell the age again, as time goes by. */
export function describe(row, summary) {
  const time = row.querySelector("time");
  if (time) time.textContent = ago(summary.received_at);
}

function origin(summary) {
  const told = [
    summary.unit ? summary.name : null,
    summary.replaces ? `替换第 ${summary.replaces} 号` : null,
    summary.replaced_by ? `已由第 ${summary.replaced_by} 号替换` : null,
  ].filter(Boolean);
  return h("span", { class: "source" }, `第 ${summary.id} 号${told.length ? ` · ${told.join(" · ")}` : ""}`);
}

function twins({ unsettled_twins: numbers }) {
  if (!numbers.length) return null;
  const links = numbers.slice(0, MOST_TWINS).flatMap((number) => ["、", h("a", { href: `/submissions/${number}` }, `第 ${number} 号`)]).slice(1);
  const told = numbers.length > MOST_TWINS ? ` 等 ${numbers.length} 份` : "";
  return h("ul", { role: "list", class: "doubts twins" }, h("li", {}, "疑似重复：", links, told));
}

function doubts(summary) {
  if (summary.status === "unreadable") return h("span", { class: "small" }, UNREADABLE[summary.error_code] ?? summary.error_code ?? "");
  if (summary.status === "received" || summary.status === "reading") return null;
  const fields = summary.doubtful_fields ?? [];
  const items = [
    summary.errors ? h("li", { class: "bad" }, `${summary.errors} 处错误`) : null,
    ...fields.slice(0, MOST_TITLES).map((field) => h("li", {}, field.title)),
    fields.length > MOST_TITLES ? h("li", {}, `等 ${fields.length} 项`) : null,
  ].filter(Boolean);
  if (items.length) return h("ul", { role: "list", class: "doubts" }, items);
  return summary.status === "in-review" && !summary.unsettled_twins.length ? h("span", { class: "small soft" }, "没有疑问") : null;
}
