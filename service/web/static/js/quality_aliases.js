// Labels in words that the form does not know: where people found what had not been read, how each word did on what is kept, and the way back.

import { get, send } from "./api.js";
import { $, h } from "./dom.js";
import { say, tell } from "./toast.js";

const PLACES = { label: "栏目名", prompt: "提示语", option: "选项" };
const AGAIN = 2000; // milliseconds between two looks whether a search has ended

async function act(run, words) {
  try { paint(await run()); if (words) say(words); } catch (problem) { tell(problem); }
}

function links(submissions) {
  return submissions.flatMap((number, at) => [at ? "、" : "", h("a", { href: `/submissions/${number}` }, `编号 ${number}`)]);
}

function change(one) {
  const link = h("a", { href: `/submissions/${one.submission}` }, `编号 ${one.submission}`);
  return h("li", {}, link, `：${one.title}，${one.accepted ? "不再要人看" : "仍由人看"}，${one.right ? "与核对过的相同" : "与核对过的不同"}`);
}

function proposal(one) {
  const use = (live, words) => () => act(() => send("PUT", `/proof/aliases/${one.id}/live`, { live }), words);
  const button = one.live ? h("button", { type: "button", onclick: use(false, "已停用，以后不再按它找") }, `停用“${one.text}”`)
    : one.against.length ? null : h("button", { type: "button", class: "primary", onclick: use(true, "已采用，以后读取的也按它找") }, `采用“${one.text}”`);
  return h("li", {},
    h("div", { class: "row" }, h("strong", {}, `“${one.text}”`), `当作${PLACES[one.place]}“${one.known}”（${one.form}：${one.title}）`, one.live ? h("span", { class: "soft" }, "采用中") : "", button ?? ""),
    h("p", { class: "small" }, `${one.submissions.length} 份申请里这样印：`, links(one.submissions), `；更正的人：${one.people.join("、")}`),
    h("p", { class: "small" }, `在 ${one.applications} 份留存的申请、${one.cases} 项有结论的内容上重放：漏过的错误 ${one.silent[0]} → ${one.silent[1]}，要人看的 ${one.review[0]} → ${one.review[1]}`),
    one.against.length ? h("p", { class: "small" }, `没有通过，不能采用：${one.against.join("；")}`) : "",
    one.changed.length ? h("details", {}, h("summary", {}, `读法会不同的 ${one.changed.length} 项`), h("ul", {}, one.changed.map(change))) : "");
}

function paint({ items, waiting }) {
  $("#seek").disabled = waiting;
  $("#aliases-state").textContent = waiting ? "正在查找，留存的申请多时要几分钟…" : items.length ? "" : "没有要列出的写法。";
  $("#aliases").replaceChildren(...items.map(proposal));
  if (waiting) setTimeout(aliases, AGAIN);
}

$("#seek")?.addEventListener("click", () => act(() => send("POST", "/proof/aliases")));

/** Where the page has such a part. */
export async function aliases() {
  if ($("#seek")) await act(() => get("/proof/aliases"));
}
