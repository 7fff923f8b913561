// The log: whether its chain holds, and what it says.

import { get } from "./api.js";
import { $, h, icon } from "./dom.js";
import { tell } from "./toast.js";
import { ACTIONS, SUBJECTS, moment } from "./words.js";

let next = null;

/** Load the section and listen to its buttons. */
export async function auditSection() {
  $("#audit-verify").addEventListener("click", verify);
  $("#audit-more").addEventListener("click", () => more().catch(tell));
  await more();
}

async function more() {
  const page = await get("/audit", { cursor: next, limit: 50 });
  next = page.next;
  $("#audit-more").hidden = next === null;
  $("#audit-rows").append(...page.items.map((entry) => h("tr", {},
    h("td", { class: "number" }, entry.seq), h("td", { class: "nowrap small" }, moment(entry.at)), h("td", {}, actor(entry)),
    h("td", {}, ACTIONS[entry.action] ?? entry.action), h("td", {}, subject(entry)))));
}

const actor = ({ who }) => (who.startsWith("worker:") ? `读取程序 ${who.slice(7)}` : who);

function subject({ subject: name, about }) {
  const [kind, number] = name.split(":");
  const text = `${SUBJECTS[kind] ?? kind} ${about ?? number ?? ""}`;
  return kind === "submission" ? h("a", { href: `/submissions/${number}` }, text) : text;
}

async function verify() {
  const button = $("#audit-verify"), result = $("#audit-result");
  button.disabled = true;
  result.replaceChildren(h("p", { class: "soft" }, "正在校验…"));
  try {
    const told = await get("/audit/verify");
    result.replaceChildren(told.sound
      ? h("div", { class: "note ok" }, icon("check"), h("p", {}, `日志完整：共 ${told.entries} 条，逐条相符，申请与日志一致。`))
      : h("div", { class: "note bad" }, icon("alert"), h("div", {}, h("p", {}, "日志不完整，或申请与日志不一致。请联系系统维护人员。"),
        h("ul", {}, told.broken.map((one) => h("li", {}, `第 ${one.seq} 条：${one.why}`)),
          told.departed.map((one) => one.submission === null ? h("li", {}, one.why) : h("li", {}, h("a", { href: `/submissions/${one.submission}` }, `编号 ${one.submission}`), `：${one.why}`))))));
  } catch (problem) {
    result.replaceChildren();
    tell(problem);
  } finally {
    button.disabled = false;
  }
}
