// Submissions that fit no campaign, or several: a person says once which one they are for.

import { get, send } from "./api.js";
import { $, h } from "./dom.js";
import { say, tell } from "./toast.js";

const PAGE = 20;

/** `may`: whether somebody may say so; `changed` is called after each answer. Gives `load(campaigns)`. */
export function placing(may, changed) {
  let campaigns = [], shown = 0, placed = false;

  async function place(items, campaign) {
    try {
      for (const one of items) await send("PUT", `/placements/${one.submission}`, { campaign }, { version: one.version });
      say(items.length > 1 ? `已归入 ${items.length} 份` : "已归入");
    } catch (problem) { tell(problem); }
    await changed();
  }

  function choosing(items, label) {
    const select = h("select", { "aria-label": label }, h("option", { value: "" }, "请选择"), campaigns.map((one) => h("option", { value: one.name }, one.title)), h("option", { value: "none" }, "不属于任何活动"));
    const form = h("form", { class: "row" }, select, h("button", {}, items.length > 1 ? "全部归入" : "归入"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (select.value === "") { say("请先选择活动"); return; }
      place(items, select.value === "none" ? null : select.value);
    });
    return form;
  }

  const titled = (name) => campaigns.find((one) => one.name === name)?.title ?? name;

  function why(one) {
    if (placed) return one.campaign ? `已归入：${titled(one.campaign)}` : "已确认不属于任何活动";
    if (one.fits.length) return `可能属于：${one.fits.map(titled).join("、")}`;
    return one.form ? "没有正在接收这种表格的活动" : "看不出是什么表格";
  }

  function line(one) {
    const link = h("a", { href: `/submissions/${one.submission}` }, one.unit || one.name);
    return h("tr", {}, h("td", {}, link, h("div", { class: "soft small" }, `编号 ${one.submission}`)), h("td", {}, why(one)), h("td", {}, may ? choosing([one], `编号 ${one.submission} 属于哪个活动`) : null));
  }

  async function load(all) {
    campaigns = all ?? campaigns;
    await show(0);
  }

  async function show(from) {
    const { items, total } = await get("/placements", { placed, offset: from, limit: PAGE });
    if (from === 0) {
      $("#placing-now").textContent = placed ? `人工归入的 ${total} 份。` : total ? `有 ${total} 份看不出属于哪个活动，请逐份确认，确认后不会再问。` : "没有要确认归属的来件。";
      $("#placing-all").replaceChildren(...(may && !placed && items.length > 1 ? [h("span", { class: "soft" }, `列出的 ${items.length} 份：`), choosing(items, "列出的各份属于哪个活动")] : []));
      $("#placing-rows").replaceChildren(...(items.length ? [h("table", { class: "table" },
        h("thead", {}, h("tr", {}, ["来件", "原因", "归入"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", { id: "placing-body" }))] : []));
      $("#placing-rows").hidden = !items.length;
    }
    shown = from + items.length;
    $("#placing-body")?.append(...items.map(line));
    $("#placing-more").hidden = shown >= total;
  }

  $("#placing-done").addEventListener("change", (event) => { placed = event.target.checked; load().catch(tell); });
  $("#placing-more").addEventListener("click", () => show(shown).catch(tell));
  return { load };
}
