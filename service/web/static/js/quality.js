// How often accepted values were wrong, by blind samples, and what is held back because of it.

import { download, get, send } from "./api.js";
import { $, h, svg } from "./dom.js";
import { bind } from "./keys.js";
import { aliases } from "./quality_aliases.js";
import { lessons } from "./quality_lessons.js";
import { say, tell } from "./toast.js";

const GROUPS = { all: "全部", source: "按来源", kind: "按类别", form: "按表格", week: "按周" };
const STANDINGS = { kept: "达到目标", unproven: "尚未证明", passed: "超过目标" };
const WIDE = 220, HIGH = 20;
const can = new Set(JSON.parse(document.body.dataset.user).can);
const mille = (share) => (share * 1000).toFixed(share * 1000 < 10 ? 2 : 0);

/** From 0.01 to 1,000 of a thousand on a scale of powers of ten. */
const place = (share) => (WIDE * Math.min(1, Math.max(0, (Math.log10(Math.max(share, 1e-5)) + 5) / 5))).toFixed(1);

function bar(one, target) {
  const label = `${mille(one.lower)} 至 ${mille(one.upper)}，目标 ${mille(target)}`;
  const [from, to, at] = [place(one.lower), place(one.upper), place(target)];
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label },
    svg("rect", { class: "span", x: from, y: 6, width: Math.max(2, to - from), height: 8 }),
    one.wrong ? svg("line", { class: "found", x1: place(one.share), x2: place(one.share), y1: 2, y2: 18 }) : null,
    svg("line", { class: "target", x1: at, x2: at, y1: 0, y2: HIGH }));
}

function row(one, target) {
  const number = (value) => h("td", { class: "number" }, String(value));
  if (!one.looked) return h("tr", {}, h("th", { scope: "row" }, one.called), number(one.accepted), number(0), number("—"), number("—"), h("td", {}), h("td", { class: "nowrap" }, "尚未抽查"));
  return h("tr", { class: one.standing }, h("th", { scope: "row" }, one.called), number(one.accepted), number(one.looked), number(one.wrong),
    h("td", { class: "number" }, mille(one.share), h("div", { class: "soft small" }, `${mille(one.lower)}–${mille(one.upper)}`)),
    h("td", {}, bar(one, target)), h("td", { class: "nowrap" }, STANDINGS[one.standing]));
}

function table({ figures, target }) {
  const heads = ["", "自动采纳", "已抽查", "有误", "每千项错", "区间（虚线为目标）", "与目标相比"];
  const head = h("thead", {}, h("tr", {}, heads.map((words, at) => h(at ? "th" : "td", { scope: at ? "col" : null, class: at && at < 5 ? "number" : null }, words))));
  const bodies = Object.entries(GROUPS).map(([group, words]) => {
    const rows = figures.filter((one) => one.group === group);
    if (!rows.length) return null;
    const title = group === "all" ? null : h("tr", {}, h("th", { scope: "rowgroup", colspan: heads.length }, words));
    return h("tbody", {}, title, rows.map((one) => row(one, target)));
  });
  $("#figures").replaceChildren(head, ...bodies.filter(Boolean));
}

function verdict({ figures, target, lacking, by_hand: hand }) {
  const whole = figures[0];
  const said = !whole.looked ? "还没有抽查结果" : `每千项错 ${mille(whole.share)} 项，九成五的把握在 ${mille(whole.lower)} 至 ${mille(whole.upper)} 之间`;
  const more = lacking ? `；再抽查约 ${lacking} 项，都没有错，才能证明达到目标` : "";
  $("#verdict").className = `note ${{ kept: "ok", passed: "bad", unproven: "" }[whole.standing]}`;
  $("#verdict").textContent = `${whole.looked ? `${STANDINGS[whole.standing]}：` : ""}${said}${more}。目标是不超过 ${mille(target)} 项；人工录入约 ${mille(hand)} 项（Paulsen 等，2012）。`;
}

function rule(one) {
  const words = h("span", {}, h("strong", {}, one.called), `：${one.least > 1 ? "全部由人工复核" : `把握不足 ${(one.least * 100).toFixed(2)}% 的由人工复核`}`, h("div", { class: "soft small" }, `${one.since.slice(0, 10)}　${one.reason}`));
  if (!can.has("admin")) return h("li", {}, words);
  const reason = h("input", { type: "text", required: true, maxlength: 500, "aria-label": `放宽“${one.called}”的理由`, placeholder: "放宽的理由" });
  const form = h("form", {}, reason, h("button", {}, "放宽"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { paint(await send("POST", `/proof/rules/${one.id}/loosening`, { reason: reason.value })); say("已放宽，并记入日志"); } catch (problem) { tell(problem); }
  });
  return h("li", {}, words, form);
}

function paint(told) {
  verdict(told);
  table(told);
  $("#method").textContent = `最近十二周。每天从前一天自动采纳的内容中随机抽取，由看不到识别结果的人照图录入；区间为 Clopper–Pearson 区间，按各层数量加权。太长、不便重录的 ${told.left_out} 项没有抽。`;
  $("#rules-card").hidden = !told.rules.length;
  $("#rules").replaceChildren(...told.rules.map(rule));
  $("#correct-card").hidden = !told.to_correct.length;
  $("#to-correct").replaceChildren(...told.to_correct.map((one) => h("li", {}, h("a", { href: `/submissions/${one.submission}` }, one.unit), one.title)));
}

const share = (part, whole) => (whole ? `${((part / whole) * 100).toFixed(1)}%` : "—");

function rows(table, heads, lines) {
  const cell = (value, at) => (at ? h("td", { class: "number" }, String(value)) : h("th", { scope: "row" }, value));
  const head = h("thead", {}, h("tr", {}, heads.map((words, at) => h("th", { scope: "col", class: at ? "number" : null }, words))));
  const body = lines.length ? lines.map((line) => h("tr", {}, line.map(cell))) : [h("tr", {}, h("td", { colspan: heads.length }, "没有"))];
  $(table).replaceChildren(head, h("tbody", {}, body));
}

async function work() {
  const told = await get("/proof/work", { weeks: $("#weeks").value });
  const figures = [
    ["无须任何人处理的申请", `${share(told.untouched, told.applications)}（${told.untouched}/${told.applications}）`],
    ["无须任何人处理的栏目", `${share(told.untouched_fields, told.fields)}（${told.untouched_fields}/${told.fields}）`],
    ["每份用时", told.minutes === null ? "—" : `${told.minutes.toFixed(1)} 分钟（${told.timed} 份）`],
  ];
  $("#work").replaceChildren(...figures.map(([words, value]) => h("div", {}, h("dt", {}, words), h("dd", {}, value))));
  rows("#reasons", ["原因", "栏数"], told.reasons.map((one) => [one.reason, one.count]));
  rows("#corrected", ["栏目", "次数", "没有提示的"], told.corrected.map((one) => [`${one.form}：${one.title}`, one.count, one.silent]));
}

async function people() {
  const { items } = await get("/proof/people");
  const share = (one) => `${(one.share * 100).toFixed(1)}%（${(one.lower * 100).toFixed(1)}–${(one.upper * 100).toFixed(1)}%）`;
  rows("#people", ["姓名", "已录", "有误", "占"], items.map((one) => [one.name, one.keyed, one.wrong, share(one)]));
}

async function workSheet() {
  try { await download("/proof/work.csv", { query: { weeks: $("#weeks").value } }); } catch (problem) { tell(problem); }
}

async function sheet() {
  try { await download("/proof/figures.xlsx"); } catch (problem) { tell(problem); }
}

$("#weeks").addEventListener("change", () => work().catch(tell));
$("#work-sheet")?.addEventListener("click", workSheet);
$("#sheet")?.addEventListener("click", sheet);
bind("准确率", $("#sheet") ? [{ name: "sheet", keys: ["d"], does: "下载抽查结果", run: sheet }] : []);

async function start() {
  try { paint(await get("/proof/figures")); await work(); if ($("#people")) await people(); await lessons(); await aliases(); } catch (problem) { tell(problem); }
}

start();
