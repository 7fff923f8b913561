// What comes of a campaign: the list that is announced above, which application each of its rows means, and the lists.

import { download, get, send } from "./api.js";
import { $, h } from "./dom.js";
import { say, tell } from "./toast.js";

const PAGE = 50;

/** `path(rest)` is the campaign's own, `may` whether somebody may decide. Gives `load`, which shows the campaign as it stands. */
export function outcomes(path, may) {
  let known = null, all = false, shown = 0;

  async function change(change) {
    try {
      await change();
      await load();
    } catch (problem) { tell(problem); }
  }

  function bring(event) {
    event.preventDefault();
    const [file] = $("#announced-file").files;
    if (!file) { say("请先选择名单文件"); return; }
    const form = new FormData();
    form.append("list", file);
    change(async () => {
      const now = await send("PUT", path("/announced"), form, { version: known.version });
      event.target.reset();
      say(now.doubted ? `已导入 ${now.total} 行，其中 ${now.doubted} 行要请人核对` : `已导入 ${now.total} 行，都已对应`);
    });
  }

  function settle(row, said) {
    change(async () => {
      await send("PUT", path(`/announced/${row.number}`), said, { version: known.version });
      say("已记下");
    });
  }

  function choosing(row) {
    if (!may) return null;
    const options = row.nearly.map((one) => h("option", { value: one.submission }, `编号 ${one.submission}　${one.unit}　${one.title}`));
    const select = h("select", {}, h("option", { value: "" }, "请选择"), options, h("option", { value: "none" }, "不是我们的申请"), h("option", { value: "other" }, "另一份，填编号"));
    const number = h("input", { type: "number", min: "1", step: "1", hidden: true, "aria-label": "申请的编号" });
    select.addEventListener("change", () => { number.hidden = select.value !== "other"; });
    const form = h("form", { class: "stack" }, h("label", { class: "field" }, h("span", { class: "label" }, `第 ${row.number} 行是哪一份`), select), number, h("button", {}, "确认对应"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = select.value === "other" ? number.value : select.value;
      if (chosen === "") { say("请先选择是哪一份"); return; }
      settle(row, { submission: chosen === "none" ? null : Number(chosen) });
    });
    return form;
  }

  function taken(row) {
    const words = row.submission === null ? "不是我们的申请" : h("a", { href: `/submissions/${row.submission}` }, `编号 ${row.submission}`);
    const again = row.by_person && may ? h("button", { type: "button" }, "重新确认") : null;
    again?.addEventListener("click", () => settle(row, { asked: true }));
    return h("div", { class: "row" }, words, row.by_person ? h("span", { class: "soft small" }, "人工确认") : null, again);
  }

  function line(row) {
    const doubt = row.doubt ? h("p", {}, row.doubt) : null;
    return h("tr", {}, h("td", { class: "number" }, String(row.number)), h("td", {}, row.unit ?? "—", h("div", { class: "soft small" }, row.title ?? "")),
      h("td", {}, doubt, row.doubt ? choosing(row) : taken(row)));
  }

  function rows(items) {
    if (shown === 0) {
      $("#announced-rows").replaceChildren(items.length ? h("table", { class: "table" },
        h("thead", {}, h("tr", {}, ["行", "上级名单", "对应的申请"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", { id: "announced-body" }))
        : h("p", { class: "note ok" }, "名单的每一行都已对应。"));
    }
    $("#announced-body")?.append(...items.map(line));
    shown += items.length;
    $("#announced-more").hidden = shown >= (all ? known.total : known.doubted);
  }

  function words() {
    if (known.waits) return "还没有导入上级公布的名单，导入后得出各名单。";
    const from = known.file ? `上级名单“${known.file}”共 ${known.total} 行，待核对 ${known.doubted} 行；` : "";
    return [`${from}待定 ${known.undecided} 份。`, ...known.notes.map((note) => `${note}。`)].join("");
  }

  function paint() {
    $("#outcome-now").textContent = words();
    $("#announced").hidden = !known.expects_list || !may;
    $("#outcome-lists").replaceChildren(...known.lists.flatMap((one) => [h("dt", {}, one.title), h("dd", {}, `${one.count} 份`)]));
    $("#announced-rows").hidden = $("#announced-all").parentElement.hidden = known.total === 0;
    $("#announced-more").hidden = true;
    if ($("#lists")) $("#lists").disabled = known.waits;
  }

  const fetched = () => get(path("/outcome"), { rows: all ? "all" : "doubted", offset: shown, limit: PAGE });

  async function load() {
    shown = 0;
    known = await fetched();
    paint();
    if (known.total) rows(known.rows);
  }

  $("#announced").addEventListener("submit", bring);
  $("#announced-all").addEventListener("change", (event) => { all = event.target.checked; load().catch(tell); });
  $("#announced-more").addEventListener("click", () => fetched().then((more) => rows(more.rows)).catch(tell));
  $("#lists")?.addEventListener("click", () => download(path("/lists")).catch(tell));
  return { load };
}
