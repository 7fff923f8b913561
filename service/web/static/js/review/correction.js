// Corrections: the notice that an application went back with, and, where this one answers a notice, what changed since, side by side.

import { send } from "../api.js";
import { $, h, icon } from "../dom.js";
import { say, tell } from "../toast.js";
import { may } from "../words.js";

const STATES = { open: "待补正", answered: "已收到补正", closed: "已关闭", recalled: "已收回" };
const GROUNDS = { instance: "表格编号", thread: "邮件往来", named: "上传时指明", content: "单位和内容", person: "人工认定" };
const VERDICTS = { made: "已按要求修改", unmade: "要求补正，没有补正", unasked: "没有要求，改动了" };
const ORDER = ["unmade", "unasked", "made"];

/** The notes above the fields; `focus(name)` goes to a field. */
export function correctionNotes(detail, focus) {
  const { notices, answers, compared, kept } = detail.correction;
  return [answers && answerNote(answers, compared, kept, focus), detail.status === "returned" && papersNote(detail, notices[0]), notices.length > 1 && rounds(notices)];
}

function papersNote({ id, fields }, notice) {
  if (!may("decide") || !Object.keys(fields).length) return null;
  return h("div", { class: `note${notice?.overdue ? " doubt" : ""}` }, icon("info"), h("p", {}, notice ? `已退回补正：${notice.number}，${clock(notice)}。` : "已退回补正。",
    h("a", { href: `/api/v1/submissions/${id}/correction`, download: "" }, "下载补正材料"), "：补正通知书、填好了正确内容的申请表、邮件草稿，请看过再发出。"), "sends" in $("#review").dataset && sender(id, notice));
}

/** Sends the notice, where the service may; a mail can't be taken back, so that the button stands behind another. */
function sender(id, notice) {
  const words = h("summary", {}, notice?.sent ? "已发送，再发一次" : "发送补正通知");
  const button = h("button", { type: "button", class: "small primary", onclick: async () => {
    button.disabled = true;
    try {
      const { to, number } = await send("POST", `/submissions/${id}/correction/sending`);
      place.open = false;
      words.textContent = "已发送，再发一次";
      say(`${number} 已发送到 ${to}`);
    } catch (problem) { tell(problem); }
    button.disabled = false;
  } }, "发出");
  const place = h("details", { class: "menu", id: "sending" }, words, h("div", {}, h("p", { class: "small" }, "发到表上的电子邮箱，附补正材料；发出后不能收回，每次发送都记入日志。"), button));
  return place;
}

/** How much time is left, or since when there is none. */
function clock({ due, days_left: left, overdue, state, answer }) {
  if (state === "answered") return `已由第 ${answer} 号答复`;
  if (state !== "open") return STATES[state];
  return overdue ? `期限 ${due}，已逾期 ${-left} 天` : `期限 ${due}，还有 ${left} 天`;
}

function answerNote({ number, submission, ground, due }, compared, kept, focus) {
  const rows = [...compared].sort((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict));
  const odd = rows.filter(({ verdict }) => verdict !== "made").length;
  const told = `${rows.length - odd} 项已按要求修改${odd ? `，${odd} 项需要看` : ""}，${kept} 项与原来相同`;
  return h("section", { class: "card correction", "aria-label": "补正前后对照" },
    h("p", {}, h("strong", {}, "补正材料："), `答复 ${number}（原来的一份：`, h("a", { href: `/submissions/${submission}` }, `第 ${submission} 号`), `；按${GROUNDS[ground]}认定；期限 ${due}）。${told}。`),
    rows.length && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "补正前后对照表" }, h("table", { class: "table small" },
      h("thead", {}, h("tr", {}, ["栏目", "原来", "现在", "情况"].map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, rows.map((row) => compare(row, focus))))));
}

function compare({ field, title, verdict, number, before_text: before, after_text: after }, focus) {
  return h("tr", { class: verdict, "data-field": field },
    h("th", { scope: "row" }, h("button", { type: "button", class: "quiet small", onclick: () => focus(field) }, title)),
    h("td", {}, before ?? "（空）"), h("td", {}, after ?? "（空）"),
    h("td", {}, VERDICTS[verdict], number ? `（通知第 ${number} 项）` : ""));
}

function rounds(notices) {
  return h("details", { class: "mail" }, h("summary", {}, `补正通知 ${notices.length} 次`),
    h("ol", { class: "small" }, [...notices].reverse().map((notice) => h("li", {}, `${notice.number}：${clock(notice)}`))));
}
