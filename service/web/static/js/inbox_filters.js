// What the list is narrowed to: the form above it, the chips of statuses, the views that one keeps. The address says it too, so that
// a reload, the way back from a submission and a link to a colleague show the same list.

import { $, h, icon, settled } from "./dom.js";
import { say } from "./toast.js";
import { STATUSES } from "./words.js";

const KEPT = "sealform.views";
const NAMES = ["status", "q", "unit", "form", "from", "to", "sort", "doubtful", "twins", "overdue", "mine"];
const USUAL = { sort: "urgency" };
// What is behind “更多条件”: few need it, and an open one is told beside it.
const MORE = ["unit", "form", "from", "to", "doubtful", "twins", "overdue", "mine"];
const form = $("#filters");

/** The query that the address asks for. */
export function asked() {
  const search = new URLSearchParams(location.search);
  const said = Object.fromEntries(NAMES.map((name) => [name, search.get(name)]));
  return { ...USUAL, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value)) };
}

export class Filters {
  constructor(apply) {
    this.chosen = null;
    this.apply = apply;
    this.counts = {};
    const changed = () => { this.#address(); this.#tellMore(); apply(); };
    form.addEventListener("input", settled((event) => event.target.name && changed(), 250));
    form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
    $("#reset").addEventListener("click", () => { this.#set(new URLSearchParams()); changed(); });
    $("#view-save").addEventListener("click", () => this.#keep());
    $("#view-name").addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), this.#keep()));
    this.#showViews();
  }

  /** The query of the API. */
  query() {
    const query = Object.fromEntries(new FormData(form));
    for (const name of Object.keys(query)) if (!NAMES.includes(name)) delete query[name];
    return { ...query, q: query.q?.trim(), unit: query.unit?.trim(), status: this.chosen };
  }

  /** Whether anything is left out. */
  isNarrow() {
    return Object.entries(this.query()).some(([name, value]) => value && name !== "sort");
  }

  /** Show one status, or all (null). */
  status(status) {
    this.chosen = status;
    this.showCounts(this.counts);
    this.#address();
    this.#tellMore();
    this.apply();
  }

  /** Take the filters from the address. */
  restore() {
    this.#set(new URLSearchParams(location.search));
  }

  /** The chips: how many there are of each status. */
  showCounts(counts) {
    this.counts = counts;
    const all = Object.values(counts).reduce((sum, count) => sum + (count ?? 0), 0);
    const chips = [[null, "全部", all], ...Object.entries(STATUSES).map(([status, word]) => [status, word, counts[status] ?? 0])];
    const shown = chips.filter(([status, , count]) => status === null || count || status === this.chosen || status === "in-review");
    const had = $("#counts").contains(document.activeElement);
    $("#counts").replaceChildren(...shown.map(([status, word, count]) =>
      h("button", { type: "button", "aria-pressed": String(this.chosen === status), onclick: () => this.status(status) }, word, h("b", {}, count))));
    if (had) $("#counts [aria-pressed=true]")?.focus();
  }

  #set(search) {
    for (const name of NAMES) {
      const value = search.get(name) ?? USUAL[name] ?? "";
      if (name === "status") this.chosen = value in STATUSES ? value : null;
      else if (["doubtful", "twins", "overdue", "mine"].includes(name)) form.elements[name].checked = value === "true";
      else form.elements[name].value = value;
    }
    this.showCounts(this.counts);
    this.#tellMore();
    $("#more-filters").open = MORE.some((name) => this.query()[name]);
  }

  /** How many of the conditions that may be out of sight hold. */
  #tellMore() {
    const held = MORE.filter((name) => this.query()[name]).length;
    $("#more-held").textContent = held ? `（${held}）` : "";
    $("#reset").hidden = !this.isNarrow();
  }

  #search() {
    const query = this.query();
    const said = NAMES.map((name) => [name, query[name]]).filter(([name, value]) => value && value !== USUAL[name]);
    return new URLSearchParams(said).toString();
  }

  #address() {
    const search = this.#search();
    history.replaceState(null, "", search ? `?${search}` : location.pathname);
  }

  #keep() {
    const name = $("#view-name").value.trim();
    if (!name) return $("#view-name").focus();
    stored([...views().filter((view) => view.name !== name), { name, search: this.#search() }]);
    $("#view-name").value = "";
    this.#showViews();
    return say(`已保存常用视图“${name}”`);
  }

  #open(view) {
    this.#set(new URLSearchParams(view.search));
    this.#address();
    $("#views").open = false;
    $("#views summary").focus();
    this.apply();
  }

  #drop(view) {
    const before = views();
    stored(before.filter((one) => one.name !== view.name));
    this.#showViews();
    say(`已删除常用视图“${view.name}”`, { undo: () => { stored(before); this.#showViews(); } });
  }

  #showViews() {
    const every = views();
    $("#views-none").hidden = every.length > 0;
    $("#views-list").replaceChildren(...every.map((view) => h("li", {},
      h("button", { type: "button", onclick: () => this.#open(view) }, view.name),
      h("button", { type: "button", class: "quiet small", "aria-label": `删除常用视图 ${view.name}`, onclick: () => this.#drop(view) }, icon("close")))));
  }
}

function views() {
  try { return JSON.parse(localStorage.getItem(KEPT) ?? "[]"); } catch { return []; }
}

function stored(every) {
  localStorage.setItem(KEPT, JSON.stringify(every));
}
