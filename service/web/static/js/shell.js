// What every page has: the theme, the list of keys, leaving, the sign of a lost connection, the end of a session.

import { send } from "./api.js";
import { $, h } from "./dom.js";
import { bind, help } from "./keys.js";
import { say, tell, undoNewest } from "./toast.js";

const THEMES = { auto: "随系统", light: "浅色", dark: "深色" };

function showTheme() {
  const choice = document.documentElement.dataset.themeChoice;
  $("#theme-now").textContent = THEMES[choice];
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(document.documentElement.dataset.themeChoice) + 1) % names.length];
  localStorage.setItem("sealform.theme", next);
  dispatchEvent(new Event("sealform:theme"));
  showTheme();
}

async function leave() {
  try {
    await send("DELETE", "/session");
  } catch (problem) {
    if (problem.status !== 401) return tell(problem);
  }
  return location.assign("/login");
}

function isSignedOut() {
  if ($("#signed-out")) return;
  const here = encodeURIComponent(location.pathname + location.search);
  const link = h("a", { href: `/login?next=${here}` }, "重新登录");
  $("#alerts").append(h("div", { class: "toast error", id: "signed-out" }, h("p", {}, "登录已过期，没有保存的内容仍在本页。"), link));
}

$("#theme")?.addEventListener("click", nextTheme);
$("#help")?.addEventListener("click", help);
$("#leave")?.addEventListener("click", leave);
$("#theme") && showTheme();
addEventListener("storage", () => $("#theme") && showTheme());
addEventListener("sealform:signed-out", isSignedOut);
addEventListener("offline", () => { $("#offline").hidden = false; });
addEventListener("online", () => { $("#offline").hidden = true; });
$("#offline").hidden = navigator.onLine;

// A menu that is open closes when one goes elsewhere.
document.addEventListener("click", (event) => {
  // The path, not the target: what was clicked may be gone from the page by now.
  const path = event.composedPath();
  if (path.includes($(".messages"))) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!path.includes(menu)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) { menu.open = false; $("summary", menu).focus(); event.preventDefault(); }
});

const go = (path) => () => $(`nav a[href="${path}"]`) && location.assign(path);
bind("各页通用", [
  { keys: ["?"], does: "显示或收起按键表", run: help },
  { keys: ["z", "Ctrl+z"], does: "撤销刚才的操作", run: () => undoNewest() || say("没有可以撤销的操作", { kind: "info" }) },
  { keys: ["Alt+1"], does: "收件箱", run: go("/"), writing: true },
  { keys: ["Alt+2"], does: "按题复核", run: go("/questions"), writing: true },
  { keys: ["Alt+3"], does: "表格", run: go("/forms"), writing: true },
  { keys: ["Alt+4"], does: "导出", run: go("/export"), writing: true },
]);
