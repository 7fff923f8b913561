// The same again: what else came that may be this application, and what a person says of it. Nothing is merged: either the later one
// takes the place of the earlier, or both stand; and what was said can be taken back.

import { get, send } from "../api.js";
import { $, $$, h, icon } from "../dom.js";
import { say, tell } from "../toast.js";
import { STATUSES, listed, may, moment } from "../words.js";

const GROUNDS = { "same-bytes": "文件完全相同", "same-instance": "表格编号相同", "same-unit": "单位和表格相同", named: "上传时已指明", answer: "答复补正通知" };
const SAID = { replaces: "已替换原来的", another: "已记为另一份", open: "已撤销重复的处理" };

/** A note for each twin, those to be settled first; `settle(twin, verdict)` says what it is, `nameOf(actor)` who said it. */
export function twinNotes({ twins }, settle, nameOf) {
  return [...twins].sort((one, other) => Boolean(one.verdict) - Boolean(other.verdict)).map((twin) => (twin.verdict ? settledNote(twin, settle, nameOf) : openNote(twin, settle)));
}

function openNote(twin, settle) {
  const about = [twin.unit ?? twin.name, `${moment(twin.received_at)} 收到`, STATUSES[twin.status]].join("，");
  const values = twin.same === null ? "" : twin.same ? "；各栏内容都相同" : `；有 ${twin.differs.length} 栏不同：${listed(twin.differs.map((field) => field.title), 6, "栏")}`;
  const button = (verdict, words) => h("button", { type: "button", class: "small", "data-verdict": verdict, onclick: () => settle(twin, verdict) }, words);
  return h("div", { class: "note doubt twin", role: "group", "aria-label": `疑似与第 ${twin.id} 号重复` }, icon("alert"), h("div", {},
    h("p", {}, h("strong", {}, "疑似重复："), twin.is_earlier ? "与先前收到的" : "与后来收到的", h("a", { href: `/submissions/${twin.id}` }, `第 ${twin.id} 号`), `（${about}）${GROUNDS[twin.ground]}${values}。`),
    may("decide") && h("div", { class: "row" },
      button("replaces", twin.is_earlier ? `替换原来的第 ${twin.id} 号` : `由第 ${twin.id} 号替换这一份`), button("another", "是另一份"))));
}

function settledNote(twin, settle, nameOf) {
  const words = twin.verdict === "another" ? `与第 ${twin.id} 号不是同一份` : twin.is_earlier ? `这一份替换了第 ${twin.id} 号` : `这一份已由第 ${twin.id} 号替换`;
  return h("details", { class: "mail twin" }, h("summary", {}, words),
    h("p", { class: "soft small" }, [GROUNDS[twin.ground], twin.by && nameOf(twin.by), moment(twin.at)].filter(Boolean).join("　")),
    h("div", { class: "row" }, h("a", { href: `/submissions/${twin.id}` }, `打开第 ${twin.id} 号`),
      may("decide") && h("button", { type: "button", class: "small", "data-verdict": "open", onclick: () => settle(twin, "open") }, "撤销这个结论")));
}

/** Says it to the service, one thing after the other, and tells it with a way back; `after` gets the submission as it then is. */
export async function settleTwin({ id, version }, twin, verdict, after) {
  const pressable = (on) => { for (const button of $$("#problems .twin button")) button.disabled = !on; };
  pressable(false);
  try {
    after(await send("POST", `/submissions/${id}/twins/${twin.id}`, { verdict }, { version }));
  } catch (problem) {
    tell(problem);
    pressable(true);
    if (problem.status === 409) after(await get(`/submissions/${id}`));
    return;
  }
  const back = async () => settleTwin(await get(`/submissions/${id}`), twin, "open", after);
  say(`${SAID[verdict]}：第 ${twin.id} 号`, { undo: verdict === "open" ? null : back });
}

/** Whether there is a twin of which nobody said what it is: then that is asked for, where it is said. */
export function asksForTwin({ unsettled_twins: twins }) {
  if (!twins.length) return false;
  say(`疑似与第 ${twins.join("、")} 号重复，请先选择“替换”或“是另一份”`, { kind: "info", ms: 8000 });
  $("#problems .twin button")?.focus();
  return true;
}
