// What things are called, and how times and sizes are written. The words of the service (statuses, moves, roles) come with the page
// from the server, so that they have one home.

import { $ } from "./dom.js";

const words = JSON.parse($("#words").textContent);

export const STATUSES = words.statuses; // "in-review" -> "待复核"
export const MOVES = words.moves; // "accept" -> "受理"
export const ROLES = words.roles; // "clerk" -> "经办员"
export const SCOPES = words.scopes; // "correct" -> "更正"
export const ACTIONS = words.actions; // "login" -> "登录"
export const SUBJECTS = words.subjects; // "submission" -> "申请"
export const EVENTS = words.events; // "submission.accepted" -> "已受理"
export const KINDS = words.kinds; // "phone" -> "电话"
export const UNREADABLE = words.unreadable; // "encrypted" -> what to do about it

/** The signed-in user: { id: "user:1", name, can } or null. */
export const USER = JSON.parse(document.body.dataset.user || "null");

/** Whether the signed-in user may do this ("upload", "see", "correct", "decide", "export", "admin"). */
export const may = (scope) => Boolean(USER?.can.includes(scope));

const day = new Intl.DateTimeFormat("zh-CN", { year: "numeric", month: "2-digit", day: "2-digit" });
const minute = new Intl.DateTimeFormat("zh-CN", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** 2026-11-22 14:03 in the user's own time. */
export const moment = (iso) => (iso ? minute.format(new Date(iso)).replaceAll("/", "-") : "");

/** 2026-11-22 in the user's own time. */
export const date = (iso) => (iso ? day.format(new Date(iso)).replaceAll("/", "-") : "");

/** How long ago, roughly: 刚刚, 5 分钟前, 3 小时前, 2 天前, then the date. */
export function ago(iso, now = Date.now()) {
  const minutes = Math.floor((now - new Date(iso).getTime()) / 60_000);
  if (minutes < 1) return "刚刚";
  if (minutes < 60) return `${minutes} 分钟前`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} 小时前`;
  if (minutes < 30 * 24 * 60) return `${Math.floor(minutes / 60 / 24)} 天前`;
  return date(iso);
}

/** 1.4 MB */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** 甲、乙、丙 等 5 项, with at most `most` named. */
export function listed(names, most = 3, unit = "项") {
  return names.length <= most ? names.join("、") : `${names.slice(0, most).join("、")} 等 ${names.length} ${unit}`;
}
