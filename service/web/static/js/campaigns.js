// A campaign at a glance: figures and charts as the service has them, and decisions on what waits for a person.

import { BASE, download, get, live, send } from "./api.js";
import { outcomes } from "./campaigns_outcome.js";
import { placing } from "./campaigns_placing.js";
import { ownSheet } from "./campaigns_sheet.js";
import { $, $$, h } from "./dom.js";
import { bind } from "./keys.js";
import { say, tell } from "./toast.js";

const CHARTS = ["funnel", "domains", "organisers"];
const PAGE = 50;
const MAY = [["", "由规则判断"], ["true", "可"], ["false", "不可"]];
const ON_TIME = [["", "由规则判断"], ["true", "按时"], ["false", "逾期"]];
const can = new Set(JSON.parse(document.body.dataset.user).can);
let figures = null, shown = 0;

const name = () => $("#campaign").value;
const path = (rest = "") => `/campaigns/${encodeURIComponent(name())}${rest}`;

const outcome = outcomes(path, can.has("decide"));
const places = placing(can.has("decide"), async () => { await load(); await places.load().catch(tell); });

function when(days) {
  return days > 0 ? `还有 ${days} 天` : days === 0 ? "今天截止" : `已截止 ${-days} 天`;
}

function stage(one) {
  const done = one.complete === null ? "" : `，材料齐全 ${one.complete} 份`;
  return h("li", { class: one.days_left < 0 ? "over" : "" }, one.title, h("strong", {}, when(one.days_left)), h("span", { class: "soft small" }, `截止 ${one.last_day}${done}`));
}

async function chart(of) {
  const answer = await fetch(`${BASE}${path(`/charts/${of}.svg`)}`);
  if (!answer.ok) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  $(`#${of}`).replaceChildren(document.importNode(drawn, true));
}

function paint() {
  const asked = Object.entries(figures.asked);
  $("#campaign-now").textContent = `截至 ${figures.at}：申请 ${figures.applications} 份，计入 ${figures.counted} 份，重新提交过的 ${figures.resubmitted} 份；无法读取或尚未读取 ${figures.unread} 件。`;
  $("#stages").replaceChildren(...figures.stages.map(stage));
  $("#asked").replaceChildren(...(asked.length ? asked.map(([kind, count]) => h("li", {}, kind, h("strong", {}, `${count} 份`))) : [h("li", {}, "没有要处理的")]));
  $("#ageing").replaceChildren(...Object.entries(figures.ageing).flatMap(([words, count]) => [h("dt", {}, words), h("dd", {}, String(count))]));
  $("#whose").replaceChildren(...figures.whose.flatMap(({ who, count }) => [h("dt", {}, who === null ? "还没有分给谁" : figures.people[who] ?? who), h("dd", {}, `${count} 份`)]));
  const units = figures.missing_units;
  $("#missing-units").hidden = units.length === 0;
  $("#missing-units summary").textContent = `应报未报 ${units.length} 家`;
  $("#missing-units p").textContent = units.join("、");
  const missing = figures.missing_organisers;
  $("#missing").hidden = missing.length === 0;
  $("#missing").textContent = missing.length ? `尚无申报：${missing.join("、")}` : "";
}

function choice(label, options, value) {
  const select = h("select", {}, options.map(([key, words]) => h("option", { value: key }, words)));
  select.value = value === null ? "" : String(value);
  return [h("label", { class: "field" }, h("span", { class: "label" }, label), select), select];
}

/** Points for each criterion, the reader's own; `given()` is null where nothing was changed. */
function scoring(ruling) {
  if (!figures.criteria.length) return { block: null, given: () => null };
  const inputs = figures.criteria.map((one) => h("input", { type: "number", min: "0", max: String(one.points), step: "1", value: ruling.mine?.[one.name] ?? "" }));
  const total = h("output", { class: "soft" });
  const sum = () => { total.textContent = `合计 ${inputs.reduce((all, input) => all + Number(input.value), 0)} 分`; };
  inputs.forEach((input) => input.addEventListener("input", sum));
  sum();
  const said = ruling.total === null ? (figures.reviewers > 1 ? "两位复核人各自评分，都评完才看得到对方的。" : "") : `得分 ${ruling.total}`;
  const given = () => {
    if (inputs.every((input) => input.value === "")) return ruling.mine ? {} : null;
    return Object.fromEntries(figures.criteria.map((one, place) => [one.name, inputs[place].value === "" ? -1 : Number(inputs[place].value)]));
  };
  const rows = figures.criteria.map((one, place) => h("label", { class: "field points" }, h("span", { class: "label" }, `${one.name}（${one.points} 分）`), inputs[place]));
  return { block: h("fieldset", { class: "scores" }, h("legend", {}, "评分"), said ? h("p", { class: "soft small" }, said) : null, rows, total), given };
}

function deciding(one) {
  const ruling = one.ruling, words = Object.entries(figures.recommendations);
  const [byWhom, organiser] = choice("推荐部门", [["", "由规则判断"], ...figures.organisers.map((row) => [row.organiser, row.organiser])], ruling.organiser);
  const [mayApply, may] = choice("申报资格", MAY, ruling.may_apply);
  const [inTime, onTime] = choice("时限", ON_TIME, ruling.in_time);
  const [said, recommendation] = choice("初审意见", [["", "尚未提出"], ...words], ruling.recommendation);
  const reason = h("input", { maxlength: "2000" });
  reason.value = ruling.reason ?? "";
  const points = scoring(ruling);
  const flag = (select) => (select.value === "" ? null : select.value === "true");
  const save = async (event) => {
    event.preventDefault();
    try {
      await send("PUT", path(`/rulings/${one.submission}`), {
        organiser: organiser.value || null, may_apply: flag(may), in_time: flag(onTime), recommendation: recommendation.value || null, reason: reason.value || null,
        scores: points.given(),
      }, { version: ruling.version });
      say("已记下");
      await load();
    } catch (problem) { tell(problem); }
  };
  const form = h("form", { class: "stack" }, byWhom, mayApply, inTime, points.block, said, h("label", { class: "field" }, h("span", { class: "label" }, "理由"), reason), h("button", { class: "primary" }, "记下决定"));
  form.addEventListener("submit", save);
  return h("details", {}, h("summary", {}, "作出决定"), form);
}

function row(one) {
  const link = h("a", { href: `/submissions/${one.submission}` }, one.unit || `编号 ${one.submission}`);
  const isTold = one.doubts.some((doubt) => doubt.includes(one.timing.reason));
  const came = isTold ? null : h("div", { class: "soft small" }, one.timing.reason);
  return h("tr", {}, h("td", {}, link, h("div", { class: "soft small" }, one.title), came), h("td", {}, one.domain ?? "—"), h("td", {}, one.organiser.name ?? "—"),
    h("td", {}, one.doubts.map((doubt) => h("p", {}, doubt)), can.has("decide") ? deciding(one) : null));
}

function isAtWork() {
  const list = $("#waiting");
  return list.contains(document.activeElement) || $("details[open]", list) !== null;
}

/** `calm`: only where nobody is at work in the list. */
async function waiting(from, calm = false) {
  const { items, total } = await get(path("/applications"), { only: "waiting", offset: from, limit: PAGE });
  if (calm && (isAtWork() || shown > PAGE)) return;
  if (from === 0) {
    $("#waiting").replaceChildren(total ? h("table", { class: "table" },
      h("thead", {}, h("tr", {}, ["单位和名称", "领域", "推荐部门", "待决定"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", { id: "waiting-rows" }))
      : h("p", { class: "note ok" }, "没有待决定的申请。"));
  }
  shown = from + items.length;
  $("#waiting-rows")?.append(...items.map(row));
  $("#more").hidden = shown >= total;
}

async function look() {
  figures = await get(path());
  paint();
}

async function load() {
  try {
    await look();
    await Promise.all([...CHARTS.map(chart), waiting(0), outcome.load()]);
  } catch (problem) { tell(problem); }
}

let renewing = 0;

/** What others do changes the figures at once, and the list where nobody is at work in it. */
function renew() {
  clearTimeout(renewing);
  renewing = setTimeout(async () => {
    try {
      await look();
      await Promise.all([...CHARTS.map(chart), waiting(0, true)]);
    } catch { /* the next change asks again */ }
  }, 500);
}

async function papers() {
  try { await download(path("/papers")); } catch (problem) { tell(problem); }
}

function move(by) {
  const links = $$("#waiting a");
  links[Math.min(links.length - 1, Math.max(0, links.indexOf(document.activeElement) + by))]?.focus();
}

async function start() {
  try {
    const all = await get("/campaigns");
    $("#campaign").replaceChildren(...all.map((one) => h("option", { value: one.name }, one.title)));
    const wanted = new URLSearchParams(location.search).get("name");
    if (all.some((one) => one.name === wanted)) $("#campaign").value = wanted;
    await Promise.all([load(), places.load(all)]);
  } catch (problem) { tell(problem); }
}

$("#campaign").addEventListener("change", () => { history.replaceState(null, "", `?name=${encodeURIComponent(name())}`); load(); });
$("#more").addEventListener("click", () => waiting(shown).catch(tell));
$("#papers")?.addEventListener("click", papers);
ownSheet(path);
bind("活动", [
  { name: "next", keys: ["ArrowDown", "j"], does: "下一份待决定的", run: () => move(1), when: (at) => !at.matches("select, #waiting form *") },
  { name: "before", keys: ["ArrowUp", "k"], does: "上一份待决定的", run: () => move(-1), when: (at) => !at.matches("select, #waiting form *") },
  ...($("#papers") ? [{ name: "papers", keys: ["d"], does: "下载台账和催报函", run: papers }] : []),
]);

start();
live("/events", { event: (of) => { if (of === "submission") renew(); } });
