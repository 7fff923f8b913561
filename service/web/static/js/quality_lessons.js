// Learning from corrections: the latest candidate, how it did, every decision that it would change, and the way back.

import { get, send } from "./api.js";
import { $, h } from "./dom.js";
import { say, tell } from "./toast.js";

const TRIED = { kept_back: "未参与学习的例子", own: "本单位的全部例子", reference: "随程序附带的例子" };
const round = (number) => String(Math.round(number * 10) / 10);

function table(where, heads, lines) {
  const cell = (value, at) => (at ? h("td", {}, value) : h("th", { scope: "row" }, value));
  const body = lines.length ? lines.map((line) => h("tr", {}, line.map(cell))) : [h("tr", {}, h("td", { colspan: heads.length }, "没有"))];
  $(where).replaceChildren(h("thead", {}, h("tr", {}, heads.map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, body));
}

function change(one) {
  const link = h("a", { href: `/submissions/${one.submission}` }, `编号 ${one.submission}`);
  return [link, one.title, one.accepted ? "不再要人看" : "改由人看", one.right ? "读对" : "读错"];
}

function paint({ items }) {
  const [one] = items, live = items.find((lesson) => lesson.live);
  $("#unlearn").hidden = !live;
  if (!one) return;
  const verdict = one.live ? "采用中" : one.against.length ? "没有通过，不能采用" : "通过，可以采用";
  $("#lesson").textContent = `${one.at.slice(0, 10)} 试算，有结论的例子 ${one.own.cases} 项：${verdict}${live && live !== one ? `；采用中的是 ${live.at.slice(0, 10)} 的一次` : ""}。`;
  $("#lesson-against").replaceChildren(...one.against.map((words) => h("li", {}, words)));
  $("#lesson-tried").parentElement.hidden = false;
  table("#lesson-tried", ["重放于", "例子", "漏过的错误", "要人看的"], Object.entries(TRIED).map(([name, words]) => {
    const tried = one[name];
    return [words, String(tried.cases), `${round(tried.silent[0])} → ${round(tried.silent[1])}`, `${round(tried.review[0])} → ${round(tried.review[1])}`];
  }));
  $("#lesson-changes").hidden = !one.own.changed;
  $("#lesson-changes summary").textContent = `会改变的决定 ${one.own.changed} 项`;
  table("#lesson-changed", ["申请", "栏目", "决定", "实际"], one.changed.map(change));
  $("#lesson-live").hidden = one.live || one.against.length > 0;
  $("#lesson-live").dataset.lesson = one.id;
}

async function act(run, words) {
  try { paint(await run()); if (words) say(words); } catch (problem) { tell(problem); }
}

$("#learn")?.addEventListener("click", () => act(() => send("POST", "/proof/lessons"), "已试算"));
$("#unlearn")?.addEventListener("click", () => act(() => send("PUT", "/proof/lessons/live", { lesson: null }), "已退回，以后按程序原来的把握决定"));
$("#lesson-live")?.addEventListener("click", () => act(() => send("PUT", "/proof/lessons/live", { lesson: Number($("#lesson-live").dataset.lesson) }), "已采用，以后读取的按它决定"));

/** Where the page has such a part. */
export async function lessons() {
  if (!$("#learn")) return;
  paint(await get("/proof/lessons"));
  const { confusions, words } = await get("/proof/proposals");
  table("#confusions", ["读作", "应为", "次数"], confusions.map((one) => [one.read, one.right, String(one.count)]));
  table("#recurring", ["栏目", "词", "次数"], words.map((one) => [`${one.form}：${one.title}`, one.word, String(one.count)]));
}
