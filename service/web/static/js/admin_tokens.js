// Tokens for other systems: shown once when made, then only stopped.

import { get, send } from "./api.js";
import { $, $$, h } from "./dom.js";
import { shownOnce } from "./secret.js";
import { say, tell } from "./toast.js";
import { SCOPES, USER, ago, date, moment } from "./words.js";

/** Load the section and listen to its form. */
export async function tokenSection() {
  $("#token-scopes").append(...Object.entries(SCOPES).filter(([scope]) => USER.can.includes(scope)).map(([scope, word]) =>
    h("label", { class: "check" }, h("input", { type: "checkbox", value: scope, checked: scope === "see" }), word)));
  $("#token-new").addEventListener("submit", create);
  await show();
}

async function show() {
  const { items } = await get("/tokens");
  $("#token-rows").replaceChildren(...items.map(row), ...(items.length ? [] : [h("tr", {}, h("td", { colspan: 7, class: "soft" }, "还没有令牌。"))]));
}

async function create(event) {
  event.preventDefault();
  const scopes = $$("#token-scopes input:checked").map((box) => box.value);
  if (!scopes.length) return say("请至少选一项权限", { kind: "error" });
  const name = $("#token-name").value.trim();
  try {
    const { token } = await send("POST", "/tokens", { name, scopes });
    event.target.reset();
    $("#token-shown").replaceChildren(shownOnce(`“${name}”的令牌，只显示这一次。请现在复制到对方系统，对方每次请求都带上 Authorization: Bearer 加这串字符`, token));
    await show();
  } catch (problem) {
    tell(problem);
  }
  return undefined;
}

function row(token) {
  const stopped = Boolean(token.revoked_at);
  return h("tr", { class: stopped ? "off" : "" },
    h("td", {}, token.name), h("td", { class: "mono" }, `${token.prefix}…`), h("td", { class: "small" }, token.scopes.map((scope) => SCOPES[scope] ?? scope).join("、")),
    h("td", { class: "small nowrap" }, date(token.created_at)),
    h("td", { class: "small nowrap" }, token.used_at ? h("time", { datetime: token.used_at, title: moment(token.used_at) }, ago(token.used_at)) : "从未"),
    h("td", {}, h("span", { class: `status ${stopped ? "" : "yes"}` }, stopped ? "已停用" : "有效")),
    h("td", { class: "acts" }, stopped ? null : stopper(token)));
}

/** What is stopped stays stopped, so it takes two presses of the same button: nothing pops up, and nothing happens by a slip. */
function stopper(token) {
  const button = h("button", { type: "button", class: "small", onclick: () => {
    if (button.dataset.sure) return stop(token);
    button.dataset.sure = "yes";
    button.classList.add("danger");
    button.textContent = "再按一次停用";
    button.addEventListener("blur", () => { delete button.dataset.sure; button.classList.remove("danger"); button.textContent = "停用"; }, { once: true });
    return undefined;
  } }, "停用");
  return button;
}

async function stop(token) {
  try {
    await send("DELETE", `/tokens/${token.id}`);
    say(`已停用“${token.name}”的令牌`);
    await show();
  } catch (problem) {
    tell(problem);
  }
}
