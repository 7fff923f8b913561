// Many at once: select rows, accept those without a doubt and without an error. What was done is told for each, and can be undone.

import { send } from "./api.js";
import { $, $$, h, icon } from "./dom.js";
import { called, isReady } from "./inbox_row.js";
import { say, tell } from "./toast.js";
import { may } from "./words.js";

const MOST = 200; // of one request
const body = $("#rows"), bar = $("#bulk"), all = $("#all");

export class Bulk {
  /** `rows`: id -> { summary, row }; `refresh(summary)` shows a changed one; `after()` is called when something was decided. */
  constructor({ rows, refresh, after }) {
    Object.assign(this, { rows, refresh, after, last: null });
    body.addEventListener("click", (event) => event.target.matches(".picker") && this.#clicked(event));
    all.addEventListener("change", () => this.#pick((summary) => all.checked && Boolean(summary)));
    $("#bulk-none").addEventListener("click", () => this.#pick(() => false));
    $("#bulk-ready").addEventListener("click", () => this.pickReady());
    $("#bulk-accept")?.addEventListener("click", () => this.accept());
    $("#bulk-close")?.addEventListener("click", () => this.closeOverdue());
  }

  /** The summaries of the rows that are picked. */
  picked() {
    return [...this.rows.values()].filter(({ row }) => $(".picker", row).checked).map(({ summary }) => summary);
  }

  toggle(row) {
    $(".picker", row).checked = !$(".picker", row).checked;
    this.show();
  }

  /** Pick what can be accepted without a look, of all that is shown. */
  pickReady() {
    this.#pick(isReady);
    if (!this.picked().length) say("列表中没有可以直接受理的申请", { kind: "info" });
  }

  #pick(which) {
    for (const { row, summary } of this.rows.values()) $(".picker", row).checked = which(summary);
    this.show();
  }

  /** With Shift: everything from the last one clicked. */
  #clicked(event) {
    const every = $$(".picker", body), at = every.indexOf(event.target), last = every.indexOf(this.last);
    if (event.shiftKey && last >= 0) {
      for (const one of every.slice(Math.min(at, last), Math.max(at, last) + 1)) one.checked = event.target.checked;
    }
    this.last = event.target;
    this.show();
  }

  /** Bring the bar, the rows' colour and the box on top in line with what is picked. */
  show() {
    const picked = this.picked(), ready = picked.filter(isReady);
    bar.hidden = picked.length === 0;
    all.checked = picked.length > 0 && picked.length === this.rows.size;
    all.indeterminate = picked.length > 0 && !all.checked;
    for (const { row } of this.rows.values()) row.classList.toggle("picked", $(".picker", row).checked);
    $("#bulk-count").textContent = `已选 ${picked.length} 份，其中 ${ready.length} 份没有疑问`;
    const accept = $("#bulk-accept");
    if (!accept) return;
    accept.textContent = `受理没有疑问的 ${ready.length} 份`;
    accept.disabled = ready.length === 0;
    const close = $("#bulk-close"), overdue = this.#overdue();
    close.hidden = overdue.length === 0;
    close.textContent = `按逾期未补正关闭 ${overdue.length} 份`;
  }

  /** Those picked that are past their day, which only the list of the overdue tells. */
  #overdue() {
    return $("#filters [name=overdue]").checked ? this.picked().filter(({ status }) => status === "returned") : [];
  }

  async closeOverdue() {
    if (!may("decide")) return;
    const done = await this.#decide("withdraw", this.#overdue().map(({ id, version }) => ({ id, version })), "逾期未补正");
    if (!done.length) return;
    say(`已关闭 ${done.length} 份`, { undo: async () => {
      const back = await this.#decide("reopen", done);
      if (back.length) say(`已撤销关闭，${back.length} 份回到待复核`);
    } });
  }

  async accept() {
    if (!may("decide")) return;
    const ready = this.picked().filter(isReady);
    const done = await this.#decide("accept", ready.map(({ id, version }) => ({ id, version })));
    if (!done.length) return;
    say(`已受理 ${done.length} 份`, { undo: async () => {
      const back = await this.#decide("reopen", done);
      if (back.length) say(`已撤销受理，${back.length} 份回到待复核`);
    } });
  }

  /** Decide on each by itself; gives those that were, with their new versions. */
  async #decide(move, items, reason = null) {
    const done = [], refused = [];
    $("#bulk-result").replaceChildren();
    try {
      for (let at = 0; at < items.length; at += MOST) {
        const answer = await send("POST", "/decisions", { move, ...(reason ? { reason } : {}), items: items.slice(at, at + MOST) });
        for (const item of answer.items) (item.problem ? refused : done).push(item);
      }
    } catch (problem) {
      tell(problem);
    }
    for (const item of done) this.#decided(item, move);
    this.#tellRefused(refused);
    this.show();
    this.after();
    return done.map(({ id, version }) => ({ id, version }));
  }

  #decided(item, move) {
    const known = this.rows.get(item.id);
    if (!known) return;
    $(".picker", known.row).checked = false;
    this.refresh({ ...known.summary, version: item.version, status: { accept: "accepted", withdraw: "withdrawn" }[move] ?? "in-review" });
  }

  #tellRefused(refused) {
    if (!refused.length) return;
    const names = refused.map(({ id, problem }) => {
      const known = this.rows.get(id);
      return h("li", {}, h("a", { href: `/submissions/${id}` }, known ? called(known.summary) : `第 ${id} 号`), `：${problem.detail}`);
    });
    $("#bulk-result").replaceChildren(h("div", { class: "note bad" }, icon("alert"), h("div", {}, `${refused.length} 份没有办成，其余已办：`, h("ul", {}, names))));
  }
}
