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
  return location.assign($("#leave").dataset.next ?? "/login");
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

const PLACES = [["Alt+1", "/", "收件箱"], ["Alt+2", "/questions", "按题复核"], ["Alt+3", "/forms", "表格"], ["Alt+4", "/export", "导出"]];
bind("各页通用", [
  { name: "help", keys: ["?", "F1"], does: "显示按键表", run: help, own: true, writing: true },
  { name: "undo-newest", keys: ["z", "Ctrl+z"], does: "撤销刚才的操作", run: () => undoNewest() || say("没有可以撤销的操作", { kind: "info" }) },
  ...PLACES.map(([key, path, does]) => ({ keys: [key], does, run: () => location.assign(path), writing: true, when: () => $(`nav a[href="${path}"]`) })),
  { name: "close-keys", keys: ["Escape", "?", "F1"], run: () => $("#keys").close(), dialog: true, own: true },
]);
