// Decisions on a submission: accept, return for correction with a letter made from the findings, reject, withdraw, reopen, read again.
// Nothing asks "are you sure": what is done at once can be taken back, and what needs a reason has a place to write it; accepting does
// where something is wrong with what was answered.

import { get } from "../api.js";
import { $, h, icon } from "../dom.js";
import { bind } from "../keys.js";
import { say, tell } from "../toast.js";
import { MOVES, may } from "../words.js";

const WITH_REASON = {
  accept: { title: "仍有问题，说明理由后受理", hint: "下面的问题都还在。确认可以受理的，请写明理由，会记入历史；否则请退回补正。", action: "受理" },
  return: { title: "退回补正", hint: "下面的说明由存在的问题生成，可以修改；退回时会复制，便于粘贴到邮件里。", action: "退回并复制说明" },
  reject: { title: "不予受理", hint: "请写明理由，会记入历史。", action: "不予受理" },
};
// What each of them does, for whoever does not know the word.
const MEANS = {
  accept: "通过，进入导出", return: "请申报单位补充或改正，之后重新提交；页面上会有补正材料可下载", reject: "不通过，写明理由",
  withdraw: "申报单位不再申报，或收错了：不再处理", reopen: "取消原来的决定，回到“待复核”", retry: "让机器再读一次原文件",
};
const KEYS = ["accept", "return"]; // the moves that have a key of their name
const begun = new Map(); // what was written for a submission and not sent: it is there when the place is opened again
let close = () => {};

/** Paints the buttons for `moves`; `decide(move, reason)` does it, `begin(move)` first asks for the reason, as it is where `isAmiss`. */
export function paintMoves(moves, decide, begin, isAmiss) {
  const allowed = may("decide") ? moves : [];
  const main = ["accept", "return", "reject", "reopen", "retry"].filter((move) => allowed.includes(move));
  const button = (move, classes) => h("button", { type: "button", class: classes, "data-move": move, title: MEANS[move], onclick: () => (asks(move, isAmiss) ? begin(move) : decide(move)) },
    MOVES[move], KEYS.includes(move) ? h("kbd", { "data-key": move }) : null);
  $("#moves").replaceChildren(
    ...main.map((move) => button(move, move === "accept" || move === "reopen" || move === "retry" ? "small primary" : "small")),
    h("button", { type: "button", class: "quiet small", id: "show-history" }, icon("clock"), "历史", h("kbd", { "data-key": "history" })),
    allowed.includes("withdraw") ? h("details", { class: "menu" }, h("summary", {}, "更多"), h("div", {}, button("withdraw", ""), h("p", { class: "soft small means" }, MEANS.withdraw))) : "",
  );
}

/** Whether a decision needs a reason. */
export const asks = (move, isAmiss) => (move === "accept" ? isAmiss : move in WITH_REASON);

/** Takes the place to write a reason in off the page. */
export const closeReason = () => close();

/** Whether it is there. */
export const isAsking = () => Boolean($("#reason"));

/** The place to write a reason in, below what is `amiss`; `decide(move, reason)` when it is done. While it is open, its keys are its own
 *  wherever the focus is. `unseen` fields wait for a person: what nobody has looked at is not filled into the form that goes back. */
export async function askReason(move, submission, decide, { amiss = [], unseen = 0 } = {}) {
  close();
  const { title, hint, action } = WITH_REASON[move];
  const key = `${submission} ${move}`;
  const text = h("textarea", { id: "reason", rows: 8, "aria-describedby": "reason-hint", required: true, oninput: () => begun.set(key, text.value) });
  text.value = begun.get(key) ?? "";
  const finish = async () => {
    const reason = text.value.trim();
    if (!reason) { text.setAttribute("aria-invalid", "true"); return text.focus(); }
    if (move === "return") await copied(reason);
    if (await decide(move, reason)) { begun.delete(key); close(); }
    return null;
  };
  const cancel = () => { close(); $("#unit").focus(); };
  const form = h("form", { class: "card stack deciding" },
    h("h2", {}, h("label", { for: "reason" }, title)), h("p", { class: "soft small", id: "reason-hint" }, hint),
    move === "return" && unseen ? h("p", { class: "small" }, h("strong", {}, `还有 ${unseen} 栏待核对：`), "没有核对的内容不会填进补正用的申请表，请先核对。") : null,
    move === "accept" ? h("ul", { class: "small amiss" }, amiss.map((finding) => h("li", {}, finding.message))) : null, text,
    h("div", { class: "row" }, h("button", { class: "primary" }, action, h("kbd", { "data-key": "decide" })),
      h("button", { type: "button", onclick: cancel }, "取消", h("kbd", { "data-key": "cancel" }))));
  form.addEventListener("submit", (event) => { event.preventDefault(); finish(); });
  const unbind = bind(title, [
    { name: "decide", keys: ["Ctrl+Enter"], does: action, run: finish, writing: true },
    { name: "cancel", keys: ["Escape"], does: "取消（写下的理由保留）", run: cancel, writing: true },
  ]);
  close = () => { unbind(); form.remove(); close = () => {}; };
  $("#deciding").replaceChildren(form);
  $("#answers").scrollTop = 0;
  text.focus();
  if (move !== "return" || text.value) return;
  try {
    const letter = await get(`/submissions/${submission}/letter`);
    if (!text.value) text.value = letter.text;
    text.setSelectionRange(0, 0);
  } catch (problem) { tell(problem); }
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https there is no clipboard of that kind.
    $("#reason").select();
    if (!document.execCommand("copy")) say("浏览器不允许自动复制，请到历史中手动复制", { kind: "info" });
  }
}
