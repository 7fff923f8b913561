// The picture of the form with a box over each label, answer and any other place. A box is dragged onto another one, or picked up with
// the space bar and put down there: the two are then a label and its answer. Arrows go from box to box.

import { BASE } from "../api.js";
import { $, $$, h } from "../dom.js";

const frame = $("#pages");

/** `chosen(spot)`, `joined(from, to)` are called for what is done there. Gives { draw, shows, light, pickUp }. */
export function boxes({ chosen, joined }) {
  let spots = [], held = null, dragged = null, moved = false;

  /** Draw all pages of a draft. `roles(number)` tells { role, words, field } of a spot. */
  function draw(job, pages, all, roles) {
    spots = all;
    if (frame.dataset.job !== job || !frame.children.length) {
      frame.dataset.job = job;
      frame.replaceChildren(...pages.map(({ page, width, height }) => {
        const sheet = h("div", { class: "form-page", "data-page": page }, h("img", { src: `${BASE}/drafts/${job}/pages/${page}.webp`, alt: `原表第 ${page} 页`, width: Math.round(width), height: Math.round(height), draggable: "false" }));
        sheet.style.aspectRatio = `${width} / ${height}`;
        return sheet;
      }));
    }
    for (const { page, width, height } of pages) {
      const sheet = $(`[data-page="${page}"]`, frame);
      for (const old of $$("button", sheet)) old.remove();
      sheet.append(...all.flatMap((spot, number) => (spot.page === page && spot.box ? [box(number, spot.box, width, height, roles(number))] : [])));
    }
    ($("button.answer", frame) ?? $("button", frame))?.setAttribute("tabindex", "0");
  }

  function box(number, [x0, y0, x1, y1], width, height, { role, words, field }) {
    const made = h("button", { type: "button", class: `box ${role}`, "data-spot": number, "data-field": field, tabindex: "-1", "aria-label": words, title: words });
    made.style.left = `${(x0 / width) * 100}%`;
    made.style.top = `${(y0 / height) * 100}%`;
    made.style.width = `${((x1 - x0) / width) * 100}%`;
    made.style.height = `${((y1 - y0) / height) * 100}%`;
    return made;
  }

  const spotOf = (element) => element?.closest?.("#pages .box")?.dataset.spot;
  const shows = (at) => spotOf(at) !== undefined;

  /** Light the boxes of a field. */
  function light(places) {
    const mine = new Set(places.map(String));
    let first = null;
    for (const one of $$(".box", frame)) {
      const lit = mine.has(one.dataset.spot);
      one.classList.toggle("lit", lit);
      first ??= lit ? one : null;
    }
    if (first && !frame.contains(document.activeElement)) {
      const inner = first.getBoundingClientRect(), outer = frame.getBoundingClientRect();
      if (inner.top < outer.top || inner.bottom > outer.bottom) frame.scrollTop += inner.top - outer.top - outer.height / 3;
    }
  }

  /** Pick up the box in focus, or put what is held down on it. */
  function pickUp() {
    const now = spotOf(document.activeElement);
    if (now === undefined) return;
    if (held === null) hold(now);
    else if (held === now) hold(null);
    else { const from = held; hold(null); joined(Number(from), Number(now)); }
  }

  function hold(number) {
    held = number;
    for (const one of $$(".box", frame)) one.classList.toggle("held", one.dataset.spot === held);
    $("#held").textContent = held === null ? "" : `拿起了“${(spots[held].text || "空格").slice(0, 20)}”，到另一个框上再按一次空格，两者即为标题和填写处`;
  }

  function go(step) {
    const at = document.activeElement;
    if (!shows(at)) return;
    const here = at.getBoundingClientRect(), across = step[0] !== 0;
    let best = null, least = Infinity;
    for (const one of $$(".box", frame)) {
      const there = one.getBoundingClientRect();
      const dx = (there.left + there.right - here.left - here.right) / 2, dy = (there.top + there.bottom - here.top - here.bottom) / 2;
      const ahead = across ? dx * step[0] : dy * step[1], aside = Math.abs(across ? dy : dx);
      const cost = ahead + 3 * aside;
      if (one !== at && ahead > 2 && cost < least) [best, least] = [one, cost];
    }
    if (!best) return;
    at.tabIndex = -1;
    best.tabIndex = 0;
    best.focus();
  }

  frame.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step && !event.altKey && shows(event.target)) { event.preventDefault(); event.stopPropagation(); go(step); }
  });
  frame.addEventListener("pointerdown", (event) => {
    dragged = event.button === 0 ? spotOf(event.target) ?? null : null;
    moved = false;
    if (dragged !== null) event.target.releasePointerCapture?.(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (dragged === null || event.buttons === 0) return;
    const over = spotOf(document.elementFromPoint(event.clientX, event.clientY));
    moved ||= over !== dragged;
    for (const one of $$(".box", frame)) {
      one.classList.toggle("held", moved && one.dataset.spot === dragged);
      one.classList.toggle("under", moved && over !== dragged && one.dataset.spot === over);
    }
  });
  addEventListener("pointerup", (event) => {
    const from = dragged, to = spotOf(document.elementFromPoint(event.clientX, event.clientY));
    dragged = null;
    for (const one of $$(".box.held, .box.under", frame)) one.classList.remove("held", "under");
    if (from !== null && moved && to !== undefined && to !== from) joined(Number(from), Number(to));
  });
  frame.addEventListener("click", (event) => {
    const number = spotOf(event.target);
    if (number === undefined || moved) return;
    for (const one of $$(".box", frame)) one.tabIndex = one.dataset.spot === number ? 0 : -1;
    chosen(Number(number));
  });
  return { draw, shows, light, pickUp };
}
