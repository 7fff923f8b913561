// Users: making one gives a link by which they set their password; role, access, a new link.

import { get, send } from "./api.js";
import { $, h } from "./dom.js";
import { shownOnce } from "./secret.js";
import { say, tell } from "./toast.js";
import { ROLES, USER, date, moment } from "./words.js";

const own = (user) => `user:${user.id}` === USER.id;
const called = (user) => user.full_name || user.name;

/** Load the section and listen to its form. */
export async function userSection() {
  $("#user-role").append(...Object.entries(ROLES).map(([role, word]) => h("option", { value: role }, word)));
  $("#user-new").addEventListener("submit", create);
  await show();
}

async function show() {
  const { items } = await get("/users");
  $("#user-rows").replaceChildren(...items.map(row));
}

async function create(event) {
  event.preventDefault();
  try {
    const { user, link } = await send("POST", "/users", { name: $("#user-name").value.trim(), full_name: $("#user-full").value.trim(), role: $("#user-role").value });
    event.target.reset();
    linkShown(user, link);
    await show();
  } catch (problem) {
    tell(problem);
  }
}

function linkShown(user, link) {
  $("#user-link").replaceChildren(shownOnce(`把这个链接交给${called(user)}本人，用来设置密码。只能用一次，三天内有效，关掉后不再显示。`, link));
}

function row(user) {
  const role = h("select", { "aria-label": `${called(user)}的角色`, disabled: own(user), onchange: (event) => change(user, { role: event.target.value }, `${called(user)}现在是${ROLES[event.target.value]}`) },
    Object.entries(ROLES).map(([name, word]) => h("option", { value: name, selected: name === user.role }, word)));
  return h("tr", { class: user.active ? "" : "off" },
    h("td", { class: "mono" }, user.name), h("td", {}, user.full_name), h("td", {}, role), h("td", {}, state(user)),
    h("td", { class: "small nowrap" }, date(user.created_at)), h("td", { class: "acts" }, acts(user)));
}

function state(user) {
  if (!user.active) return h("span", { class: "status" }, "已停用");
  if (user.locked_until && new Date(user.locked_until) > new Date()) return h("span", { class: "status no" }, `锁定到 ${moment(user.locked_until).slice(11)}`);
  return h("span", { class: `status ${user.ready ? "yes" : "in-review"}` }, user.ready ? "可登录" : "未设密码");
}

function acts(user) {
  if (own(user)) return h("span", { class: "soft small" }, "当前用户");
  const access = user.active
    ? h("button", { type: "button", class: "small", onclick: () => change(user, { active: false }, `已停用${called(user)}`) }, "停用")
    : h("button", { type: "button", class: "small", onclick: () => change(user, { active: true }, `已启用${called(user)}`) }, "启用");
  const renew = user.active && h("button", { type: "button", class: "small", onclick: () => reset(user) }, user.ready ? "重置密码" : "重新生成链接");
  const factor = user.second_factor && h("button", { type: "button", class: "small", onclick: () => withoutFactor(user) }, "停用验证码");
  return [renew, " ", factor, " ", access];
}

/** For who lost the telephone and the recovery codes; they set it anew themselves. */
async function withoutFactor(user) {
  try {
    await send("DELETE", `/users/${user.id}/second-factor`);
    say(`已停用${called(user)}的动态验证码`);
  } catch (problem) {
    tell(problem);
  }
  await show();
}

async function change(user, changes, told) {
  try {
    await send("PATCH", `/users/${user.id}`, changes);
    await show();
    const before = Object.fromEntries(Object.keys(changes).map((name) => [name, user[name]]));
    say(told, { undo: async () => { await send("PATCH", `/users/${user.id}`, before); await show(); } });
  } catch (problem) {
    tell(problem);
    await show();
  }
}

async function reset(user) {
  try {
    const { link } = await send("POST", `/users/${user.id}/link`);
    linkShown(user, link);
    await show();
  } catch (problem) {
    tell(problem);
  }
}
