// Webhooks: where events go, whether they arrived.

import { get, send } from "./api.js";
import { $, $$, h } from "./dom.js";
import { shownOnce } from "./secret.js";
import { say, tell } from "./toast.js";
import { EVENTS, moment } from "./words.js";

/** Load the section and listen to its form. */
export async function webhookSection() {
  $("#webhook-events").append(...Object.entries(EVENTS).filter(([event]) => event !== "webhook.test").map(([event, word]) =>
    h("label", { class: "check" }, h("input", { type: "checkbox", value: event, checked: true }), word)));
  $("#webhook-new").addEventListener("submit", create);
  await show();
}

async function show() {
  const { items, hosts } = await get("/webhooks");
  $("#webhook-hosts").textContent = hosts.length ? `可以推送到：${hosts.join("、")}。` : "现在还不能推送到任何地方：请装系统的人在设置 SEALFORM_WEBHOOK_HOSTS 中写上对方的主机名，再重新启动服务。";
  const none = h("li", { class: "card soft" }, "还没有推送。");
  $("#webhook-list").replaceChildren(...(items.length ? items.map(card) : [none]));
}

async function create(event) {
  event.preventDefault();
  const events = $$("#webhook-events input:checked").map((box) => box.value);
  try {
    const made = await send("POST", "/webhooks", { url: $("#webhook-url").value.trim(), events });
    event.target.reset();
    $("#webhook-shown").replaceChildren(shownOnce("签名密钥，只显示这一次。请现在复制到接收方系统，用来校验每次推送的签名。", made.secret));
    await show();
  } catch (problem) {
    tell(problem);
  }
}

function card(hook) {
  const log = h("div", { class: "scroll" });
  const details = h("details", { ontoggle: () => details.open && deliveries(hook, log).catch(tell) }, h("summary", {}, "推送记录"), log);
  return h("li", { class: "card hook" },
    h("div", { class: "head" }, h("h3", {}, hook.url), h("span", { class: `status ${hook.active ? "yes" : ""}` }, hook.active ? "启用" : "已停用"),
      h("span", { class: "row end" },
        h("button", { type: "button", class: "small", onclick: () => test(hook, details) }, "发一次测试"),
        h("button", { type: "button", class: "small", onclick: () => change(hook, { active: !hook.active }) }, hook.active ? "停用" : "启用"))),
    h("p", { class: "soft small" }, `通知：${hook.events.map((event) => EVENTS[event] ?? event).join("、")}`), details);
}

async function deliveries(hook, log) {
  const { items } = await get(`/webhooks/${hook.id}/deliveries`);
  if (!items.length) return log.replaceChildren(h("p", { class: "soft small" }, "还没有推送过。"));
  return log.replaceChildren(h("table", { class: "table" },
    h("thead", {}, h("tr", {}, ["时间", "什么变化", "试了几次", "结果"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, items.map((one) => h("tr", {}, h("td", { class: "small nowrap" }, moment(one.created_at)), h("td", {}, EVENTS[one.event] ?? one.event),
      h("td", {}, one.attempts), h("td", {}, outcome(one)))))));
}

function outcome(one) {
  if (one.delivered_at) return h("span", { class: "status yes" }, `已送达（${one.status}）`);
  const why = [one.status, one.error].filter(Boolean).join(" ");
  if (one.next_at) return [h("span", { class: "status in-review" }, "等待重试"), ` ${why}，下次 ${moment(one.next_at)}`];
  return [h("span", { class: "status no" }, "没有送达"), ` ${why}`];
}

async function test(hook, details) {
  try {
    await send("POST", `/webhooks/${hook.id}/test`);
    say("已发出一次测试，结果见推送记录");
    details.open = false;
    details.open = true;
  } catch (problem) {
    tell(problem);
  }
}

async function change(hook, changes) {
  try {
    await send("PATCH", `/webhooks/${hook.id}`, changes);
    await show();
    say(changes.active ? "已启用推送" : "已停用推送", { undo: async () => { await send("PATCH", `/webhooks/${hook.id}`, { active: hook.active }); await show(); } });
  } catch (problem) {
    tell(problem);
  }
}
