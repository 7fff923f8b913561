// The inbox: the list of submissions, kept fresh by the service's events, walked by keyboard, filtered by an address that can be kept.

import { get, live } from "./api.js";
import { $, h, settled } from "./dom.js";
import { Bulk } from "./inbox_bulk.js";
import { drawChart } from "./inbox_chart.js";
import { Filters, asked } from "./inbox_filters.js";
import { describe, fill, isRead, markStages } from "./inbox_row.js";
import { takeFiles } from "./inbox_upload.js";
import { bind } from "./keys.js";
import { tell } from "./toast.js";
import { STATUSES, may } from "./words.js";

const PAGE = 50;
const body = $("#rows");
const rows = new Map(); // submission id -> { summary, row }
let next = null, loading = null, titles = {};

const filters = new Filters(() => load());
const bulk = new Bulk({ rows, refresh: (summary) => put(summary), after: () => { stages(); count(); } });

/** Load the list afresh, from the first page, which may be on its way already. */
async function load(first = null) {
  loading?.abort();
  const breaking = (loading = new AbortController());
  try {
    const page = await (first ?? get("/submissions", { ...filters.query(), limit: PAGE }, { signal: breaking.signal }));
    rows.clear();
    body.replaceChildren();
    for (const summary of page.items) put(summary);
    told(page);
  } catch (problem) {
    tell(problem);
  } finally {
    if (loading === breaking) loading = null;
  }
}

async function more() {
  if (next === null || loading) return;
  const breaking = (loading = new AbortController());
  try {
    const page = await get("/submissions", { ...filters.query(), limit: PAGE, cursor: next }, { signal: breaking.signal });
    for (const summary of page.items) put(summary);
    told(page);
  } catch (problem) {
    tell(problem);
  } finally {
    loading = null;
  }
}

function told(page) {
  next = page.next;
  $("#more").hidden = next === null;
  const empty = $("#empty");
  const start = $("#start");
  if (start) start.hidden = rows.size > 0;
  empty.hidden = rows.size > 0 || (start !== null && !filters.isNarrow());
  empty.textContent = filters.isNarrow()
    ? "没有符合条件的申请。可以清除条件再看。"
    : may("upload") ? "还没有申请。把收到的文件或邮件拖到本页，即开始读取。" : "还没有申请。";
  $("#table").hidden = rows.size === 0;
  $("#shown").textContent = rows.size ? (next === null ? `共 ${rows.size} 份` : `已显示 ${rows.size} 份`) : "";
  stages();
  bulk.show();
}

/** Where what blocks ends and what is doubtful begins, and so on. */
const stages = () => markStages([...body.children].map((row) => rows.get(Number(row.dataset.id))), isUrgent());
const isUrgent = () => filters.query().sort === "urgency";

/** Show a submission: in its row if it has one, otherwise in a new row at the end, or where `at` says. */
function put(summary, at = null) {
  const known = rows.get(summary.id);
  if (known) {
    known.summary = summary;
    fill(known.row, summary, titles);
  } else {
    const row = h("tr", { "data-id": summary.id });
    rows.set(summary.id, { summary, row });
    fill(row, summary, titles);
    if (at === null) body.append(row);
    else at.before(row);
  }
}

/** New submissions at their place in the list; what is shown stays where it is. */
const renew = settled(async () => {
  try {
    const page = await get("/submissions", { ...filters.query(), limit: PAGE });
    if (rows.size === 0) return await load();
    const shown = [...body.children];
    let place = 0;
    for (const summary of page.items) {
      const known = rows.get(summary.id);
      if (known) place = shown.indexOf(known.row) + 1;
      else {
        const before = shown[place];
        // What comes after all that is shown is shown where nothing is left out between.
        if (!before && (next !== null || page.next !== null)) { next = next ?? page.next; break; }
        put(summary, before ?? null);
        rows.get(summary.id).row.classList.add("fresh");
      }
      if (known) put(summary);
    }
    stages();
    $("#shown").textContent = next === null ? `共 ${rows.size} 份` : `已显示 ${rows.size} 份`;
  } catch (problem) {
    if (!problem.offline) tell(problem);
  }
  return undefined;
}, 300);

const count = settled(async () => {
  try {
    const counts = await get("/submissions/counts");
    filters.showCounts(counts.by_status);
    drawChart($("#chart"), counts.by_day);
  } catch (problem) {
    if (!problem.offline) tell(problem);
  }
}, 200);

function changed(name, summary) {
  if (name !== "submission") return;
  const known = rows.get(summary.id);
  // What was being read goes to its place once it is; anything else stays where the eye has it.
  if (known && isRead(known.summary, summary) && isUrgent() && !known.row.contains(document.activeElement)) { known.row.remove(); rows.delete(summary.id); }
  if (rows.has(summary.id)) put(summary);
  else renew();
  stages();
  bulk.show();
  count();
}

// ---- by keyboard: the link of each row is what has the focus

const focused = () => document.activeElement?.closest?.("#rows tr") ?? null;

function step(by) {
  const every = [...body.children];
  const at = every.indexOf(focused());
  const to = at < 0 ? (by > 0 ? 0 : every.length - 1) : Math.min(Math.max(at + by, 0), every.length - 1);
  const link = every[to] && $(".unit", every[to]);
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
  if (to >= every.length - 5) more();
}

const isOnPage = () => body.children.length > 0;

bind("收件箱", [
  { name: "next", keys: ["j", "ArrowDown"], does: "下一份", run: () => step(1), when: isOnPage },
  { name: "before", keys: ["k", "ArrowUp"], does: "上一份", run: () => step(-1), when: isOnPage },
  { name: "open", keys: ["Enter"], does: "打开这份申请", run: () => $(".unit", focused()).click(), when: (at) => at.matches("#rows .unit, #rows .picker") },
  { name: "pick", keys: ["x", " "], does: "选中或取消选中", run: () => bulk.toggle(focused()), when: (at) => at.matches("#rows a") },
  { keys: ["x"], run: () => bulk.toggle(focused()), when: (at) => at.matches("#rows .picker") },
  { name: "pick-ready", keys: ["A", "Alt+a"], does: "选中没有疑问的", run: () => bulk.pickReady(), writing: true, when: () => may("decide") },
  { name: "search", keys: ["/", "Alt+/"], does: "搜索", run: () => $("[name=q]").select(), writing: true, when: (at) => at !== $("[name=q]") },
  { keys: ["ArrowDown"], run: () => step(1), writing: true, when: (at) => at === $("[name=q]") },
  { keys: ["Escape"], run: () => step(1), writing: true, when: (at) => at === $("[name=q]") && !at.value },
  { name: "upload", keys: ["u", "Alt+u"], does: "上传文件", run: () => $("#choose")?.click(), writing: true, when: () => may("upload") },
  { name: "all", keys: ["f", "Alt+f"], does: "查看全部状态", run: () => filters.status(null), writing: true },
]);

$("#more").addEventListener("click", more);
new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more(), { rootMargin: "400px" }).observe($("#more"));
setInterval(() => { for (const { row, summary } of rows.values()) describe(row, summary); }, 60_000);

async function start() {
  const first = get("/submissions", { ...asked(), limit: PAGE });
  first.catch(() => {}); // told where it is awaited
  const forms = await get("/forms");
  titles = Object.fromEntries(forms.items.map((form) => [form.name, form.title]));
  for (const list of [$("[name=form]"), $("#upload-form")]) list?.append(...forms.items.map((form) => h("option", { value: form.name }, form.title)));
  filters.restore();
  await load(first);
}

filters.showCounts(Object.fromEntries(Object.keys(STATUSES).map((status) => [status, null])));
count();
start().catch(tell);
live("/events", { event: changed, state: (up) => up && rows.size && renew() });
if (may("upload")) takeFiles({ settled: () => { renew(); count(); } });
