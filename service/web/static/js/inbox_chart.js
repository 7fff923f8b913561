// What came and what was decided, by day: bars for the eye, a table for screen readers.

import { h, svg } from "./dom.js";

const DAYS = 14, WIDTH = 336, HEIGHT = 60, GAP = 4;

/** Draw the last of `days` into `figure`: [{ day: "2026-11-22", received, decided }], without gaps, today last. */
export function drawChart(figure, days) {
  const every = days.slice(-DAYS);
  const most = Math.max(1, ...every.map((day) => Math.max(day.received, day.decided)));
  const received = sum(every, "received"), decided = sum(every, "decided");
  figure.hidden = days.length === 0;
  figure.replaceChildren(
    h("figcaption", {}, `最近 ${DAYS} 天`, h("span", { class: "key" }, `收到 ${received}`), h("span", { class: "key out" }, `办结 ${decided}`)),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + 14}`, "aria-hidden": "true" }, every.map((day, at) => bars(day, at, most)),
      svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT + .5, y2: HEIGHT + .5 })),
    h("table", { class: "unseen" }, h("caption", {}, `最近 ${DAYS} 天每天收到和办结的份数`),
      h("thead", {}, h("tr", {}, ["日期", "收到", "办结"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", {}, every.map((day) => h("tr", {}, h("th", { scope: "row" }, day.day), h("td", {}, day.received), h("td", {}, day.decided))))),
  );
}

function bars(day, at, most) {
  const slot = WIDTH / DAYS, width = (slot - GAP) / 2, left = at * slot + GAP / 2;
  const tall = (count) => (count ? Math.max(2, (count / most) * (HEIGHT - 4)) : 0);
  const bar = (name, count, x) => svg("rect", { class: name, x, y: HEIGHT - tall(count), width: width - .5, height: tall(count), rx: 1 });
  const label = at === 0 || at === DAYS - 1 ? svg("text", { x: at ? WIDTH : 0, y: HEIGHT + 12, "text-anchor": at ? "end" : "start" }, at ? "今天" : day.day.slice(5)) : null;
  const title = svg("title", {}, `${day.day}：收到 ${day.received}，办结 ${day.decided}`);
  return svg("g", {}, title, bar("in", day.received, left), bar("out", day.decided, left + width), label ?? svg("g"));
}

const sum = (days, name) => days.reduce((total, day) => total + day[name], 0);
