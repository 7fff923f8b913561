// What happened to a submission: who, when, and each field before and after.

import { h } from "../dom.js";
import { ACTIONS, STATUSES, moment } from "../words.js";

/** The list for the whole submission, or for one field; `items` of GET /submissions/{id}/history, in any order. */
export function historyList(items, field = null) {
  const wanted = [...items].sort((one, other) => other.version - one.version)
    .filter((item) => !field || item.changes.some((change) => change.field === field));
  if (!wanted.length) return h("p", { class: "soft" }, "还没有人改过。");
  return h("ol", { class: "timeline", role: "list" }, wanted.map((item) => h("li", {},
    h("p", { class: "what" }, h("strong", {}, ACTIONS[item.action] ?? item.action), ` ${item.by ?? item.actor} `, h("time", { class: "soft", datetime: item.at }, moment(item.at)),
      item.status_after && item.status_after !== item.status_before ? h("span", { class: `status ${item.status_after}` }, STATUSES[item.status_after]) : null),
    item.reason ? h("p", { class: "reason" }, item.reason) : null,
    changes(item.changes.filter((change) => !field || change.field === field), !field))));
}

function changes(list, titled) {
  if (!list.length) return null;
  return h("dl", { class: "changes" }, list.map((change) => h("div", {},
    titled ? h("dt", {}, change.title) : null,
    h("dd", {}, same(change) ? h("span", {}, change.after_text || "（空）", h("span", { class: "soft" }, "（确认）"))
      : [h("del", {}, h("span", { class: "unseen" }, "原为："), change.before_text || "（空）"), " → ", h("ins", {}, h("span", { class: "unseen" }, "改为："), change.after_text || "（空）")]))));
}

const same = (change) => JSON.stringify(change.before) === JSON.stringify(change.after);
