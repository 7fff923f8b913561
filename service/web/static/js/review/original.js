// The original as it came: one page at a time, with the place of the focused field lit. Word that could not be set as pages shows as the
// table that was read.

import { BASE } from "../api.js";
import { pageImage } from "../cutout.js";
import { $, h } from "../dom.js";

const STEP = 1.25, SMALLEST = 0.4, LARGEST = 5;
const PART_STATES = {
  read: "", "not-a-form": "不是申请表", duplicate: "重复", unreadable: "无法读取", "too-large": "过大", encrypted: "有密码",
};

export class Original {
  #ready = () => {};

  /** `sealChanged` is called when seals are taken off or put back. */
  constructor(sealChanged) {
    this.sealChanged = sealChanged;
    this.viewport = $("#viewport");
    this.seal = "on";
    this.zoom = null; // pixels of the screen a point; null: as wide as the room
    this.#listen();
    new ResizeObserver(() => this.#measure()).observe(this.viewport);
  }

  /** Show a submission: `detail` of the API. Its pages come by `setPages`, which may take longer. */
  open(detail) {
    this.detail = detail;
    this.parts = new Map();
    this.lit = [];
    this.part = this.page = null;
    this.viewport.replaceChildren(h("p", { class: "soft waiting" }, detail.parts.length ? "正在准备原件…" : "没有可以显示的原件"));
    $("#turning").hidden = $("#thumbs").hidden = true;
    $("#thumbs").replaceChildren();
    /** Resolves when the first picture is there, or when there will be none. */
    this.loaded = new Promise((done) => { this.#ready = done; });
    this.#listParts();
  }

  /** What pages there are: `parts` of GET /submissions/{id}/pages. */
  setPages(parts) {
    this.parts = new Map(parts.map((part) => [part.index, part]));
    const first = (this.lit[0] && this.#known(this.lit[0].part)) ?? parts.find((part) => part.pages.length || part.table) ?? parts[0];
    if (!first) return this.#empty(this.detail.parts[0]?.index);
    this.#listParts();
    const place = this.lit[0] && this.placeOf(this.lit[0]);
    return this.#go(first.index, place?.page ?? first.pages[0]?.page ?? null);
  }

  /** Where a piece of evidence stands in a picture: {part, page, box, size of the page}; null where there is none of it. */
  placeOf(evidence) {
    return this.#places(evidence)[0] ?? null;
  }

  /** All its places: a box as it is, a cell of a Word file where that was printed. */
  #places({ part: name, page, box, cell }) {
    const part = this.#known(name);
    if (!part) return [];
    const found = box ? [{ page, box }] : cell ? part.places.filter((one) => one.table === cell.table && one.row === cell.row && one.column === cell.column) : [];
    return found.map((one) => ({ part: part.index, page: one.page, box: one.box, size: part.pages.find((known) => known.page === one.page) })).filter((one) => one.size);
  }

  /** The address of the picture of a page, with or without its seals as it is shown now. */
  image(part, page, scale = 2) {
    return pageImage(this.detail.id, part, page, { scale, seal: this.seal });
  }

  /** Light where a field was read and bring it into view. */
  light(evidence) {
    this.lit = evidence;
    const first = evidence[0];
    const part = first && this.#known(first.part);
    if (!part) return this.#paintBoxes();
    const page = this.placeOf(first)?.page ?? null;
    if (part.index !== this.part || (page && page !== this.page)) this.#go(part.index, page ?? part.pages[0]?.page ?? null);
    else this.#paintBoxes();
    return this.#bringIntoView();
  }

  turn(by) {
    const pages = this.#all();
    const at = pages.findIndex((one) => one.part === this.part && one.page === this.page) + by;
    if (pages[at]) { this.#go(pages[at].part, pages[at].page); this.viewport.scrollTo(0, 0); }
  }

  toggleSeal() {
    this.seal = this.seal === "on" ? "off" : "on";
    $("#seal-off").setAttribute("aria-pressed", String(this.seal === "off"));
    if (this.picture) this.picture.src = this.image(this.part, this.page, this.#scale());
    this.sealChanged();
  }

  zoomBy(factor) {
    const now = this.zoom ?? this.#fit();
    this.#zoomTo(factor === 0 ? null : Math.min(LARGEST, Math.max(SMALLEST, now * factor)));
  }

  #listen() {
    const on = (id, run) => $(id).addEventListener("click", run);
    on("#page-back", () => this.turn(-1));
    on("#page-on", () => this.turn(1));
    on("#zoom-in", () => this.zoomBy(STEP));
    on("#zoom-out", () => this.zoomBy(1 / STEP));
    on("#zoom-fit", () => this.zoomBy(0));
    on("#seal-off", () => this.toggleSeal());
    $("#part").addEventListener("change", (event) => {
      const index = Number(event.target.value);
      this.#go(index, this.parts.get(index)?.pages[0]?.page ?? null);
    });
    this.viewport.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? STEP : 1 / STEP);
    }, { passive: false });
    this.#listenToDrag();
  }

  #listenToDrag() {
    let from = null;
    this.viewport.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0 || !event.target.closest(".sheet")) return;
      from = { x: event.clientX + this.viewport.scrollLeft, y: event.clientY + this.viewport.scrollTop };
      this.viewport.setPointerCapture(event.pointerId);
    });
    this.viewport.addEventListener("pointermove", (event) => {
      if (from) this.viewport.scrollTo(from.x - event.clientX, from.y - event.clientY);
    });
    for (const end of ["pointerup", "pointercancel"]) this.viewport.addEventListener(end, () => { from = null; });
  }

  #known(name) {
    return [...this.parts.values()].find((part) => part.name === name);
  }

  #all() {
    return [...this.parts.values()].flatMap((part) => part.pages.map((page) => ({ part: part.index, page: page.page })));
  }

  #listParts() {
    const select = $("#part"), parts = this.detail.parts;
    select.replaceChildren(...parts.map((part) => {
      const state = PART_STATES[part.state] ?? "";
      return h("option", { value: part.index }, part.name.split("/").pop() + (state ? `（${state}）` : ""));
    }));
    select.hidden = parts.length < 2;
  }

  #go(part, page) {
    this.part = part;
    this.page = page;
    const known = this.parts.get(part);
    $("#part").value = String(part);
    $("#download").href = `${BASE}/submissions/${this.detail.id}/parts/${part}`;
    this.#showTurning();
    if (page !== null) this.#paintPage(known.pages.find((one) => one.page === page) ?? known.pages[0]);
    else if (known?.table) this.#paintTable(known.table);
    else this.#empty(part);
  }

  #showTurning() {
    const pages = this.#all();
    const at = pages.findIndex((one) => one.part === this.part && one.page === this.page);
    $("#turning").hidden = pages.length < 2;
    $("#page-now").textContent = `第 ${at + 1} / ${pages.length} 页`;
    $("#page-back").disabled = at <= 0;
    $("#page-on").disabled = at < 0 || at === pages.length - 1;
    for (const id of ["#zoom-in", "#zoom-out", "#zoom-fit", "#seal-off"]) $(id).disabled = this.page === null;
    this.#markThumb(pages);
  }

  /** Small pictures of all pages, once the large one is there: it must not wait for them. */
  #paintThumbs() {
    const list = $("#thumbs"), pages = this.#all();
    if (pages.length < 2 || list.childElementCount) return;
    list.hidden = false;
    list.replaceChildren(...pages.map(({ part, page }, at) => h("li", {}, h("button", {
      type: "button", class: "thumb", "aria-label": `第 ${at + 1} 页`, onclick: () => { this.#go(part, page); this.viewport.scrollTo(0, 0); },
    }, h("img", { src: pageImage(this.detail.id, part, page, { scale: 1 }), alt: "", loading: "lazy", decoding: "async" }), h("span", {}, String(at + 1))))));
    this.#markThumb(pages);
  }

  #markThumb(pages) {
    [...$("#thumbs").children].forEach((item, at) => {
      const now = pages[at].part === this.part && pages[at].page === this.page;
      if (now) $("button", item).setAttribute("aria-current", "page");
      else $("button", item).removeAttribute("aria-current");
    });
  }

  #paintPage(size) {
    this.size = size;
    this.picture = h("img", { src: this.image(this.part, this.page, this.#scale()), alt: `第 ${this.page} 页`, decoding: "async", draggable: "false", fetchpriority: "high" });
    this.picture.addEventListener("error", () => { this.sheet?.classList.add("broken"); this.#ready(); });
    this.picture.addEventListener("load", () => { this.sheet?.classList.remove("broken"); this.#ready(); this.#paintThumbs(); });
    this.boxes = h("div", { class: "boxes", "aria-hidden": "true" });
    this.sheet = h("div", { class: "sheet" }, this.picture, this.boxes);
    this.sheet.style.aspectRatio = `${size.width} / ${size.height}`;
    this.viewport.replaceChildren(this.sheet);
    this.#measure();
    this.#paintBoxes();
  }

  /** What stands in a file that has no pages: lines, and tables with their cells. */
  #paintTable(blocks) {
    this.#ready();
    this.sheet = this.picture = null;
    const painted = blocks.map((block) => ("line" in block ? h("p", { class: "read-line" }, block.line) : tableOf(block)));
    this.viewport.replaceChildren(h("p", { class: "soft small" }, "这个文件没有页面图像，下面是从中读到的内容。"), ...painted);
    this.#paintBoxes();
  }

  #empty(part) {
    this.#ready();
    this.sheet = this.picture = null;
    const name = this.detail.parts.find((one) => one.index === part)?.name;
    this.viewport.replaceChildren(h("p", { class: "soft waiting" }, name ? `“${name}”没有可以显示的页面，请下载原文件查看。` : "没有可以显示的原件"));
  }

  #paintBoxes() {
    for (const cell of this.viewport.querySelectorAll("td.lit")) cell.classList.remove("lit");
    const here = this.lit.filter((one) => this.#known(one.part)?.index === this.part);
    for (const { cell } of here) {
      const td = cell && this.viewport.querySelector(`[data-cell="${cell.table}.${cell.row}.${cell.column}"]`);
      td?.classList.add("lit");
    }
    if (!this.sheet) return;
    const { width, height } = this.size;
    this.boxes.replaceChildren(...here.flatMap((one) => this.#places(one)).filter((one) => one.page === this.page).map(({ box: [x0, y0, x1, y1] }) => {
      const mark = h("div", { class: "box" });
      mark.style.left = `${(x0 / width) * 100}%`;
      mark.style.top = `${(y0 / height) * 100}%`;
      mark.style.width = `${((x1 - x0) / width) * 100}%`;
      mark.style.height = `${((y1 - y0) / height) * 100}%`;
      return mark;
    }));
  }

  #bringIntoView() {
    const mark = this.viewport.querySelector(".box, td.lit");
    if (!mark) return;
    const room = this.viewport.getBoundingClientRect(), place = mark.getBoundingClientRect();
    const to = (start, length, from, space) => start - from - Math.max(12, (space - length) / 2);
    this.viewport.scrollBy({
      top: to(place.top, place.height, room.top, room.height), left: to(place.left, place.width, room.left, room.width), behavior: "instant",
    });
  }

  #fit() {
    const room = this.viewport.clientWidth - 16;
    return this.size ? Math.max(SMALLEST, room / this.size.width) : 1;
  }

  #scale() {
    return Math.min(4, Math.max(2, Math.ceil((this.zoom ?? 1) * devicePixelRatio)));
  }

  #measure() {
    if (this.sheet) this.sheet.style.width = `${Math.round(this.size.width * (this.zoom ?? this.#fit()))}px`;
  }

  #zoomTo(zoom) {
    if (!this.sheet) return;
    const view = this.viewport, before = this.sheet.offsetWidth;
    const middle = { x: (view.scrollLeft + view.clientWidth / 2) / before, y: (view.scrollTop + view.clientHeight / 2) / before };
    this.zoom = zoom;
    this.#measure();
    const after = this.sheet.offsetWidth;
    view.scrollTo(middle.x * after - view.clientWidth / 2, middle.y * after - view.clientHeight / 2);
    const src = this.image(this.part, this.page, this.#scale());
    if (!this.picture.src.endsWith(src)) this.picture.src = src;
  }
}

function tableOf({ table, rows, cells }) {
  const cell = (one) => h("td", {
    colspan: one.column_span > 1 ? one.column_span : null, rowspan: one.row_span > 1 ? one.row_span : null,
    "data-cell": `${table}.${one.row}.${one.column}`,
  }, one.text);
  const inRow = (row) => cells.filter((one) => one.row === row).sort((one, other) => one.column - other.column);
  return h("table", { class: "read-table" }, h("tbody", {}, Array.from({ length: rows }, (_, row) => h("tr", {}, inRow(row).map(cell)))));
}
