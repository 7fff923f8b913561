// The picture of the form with a box over each label, answer and any other place. A box is dragged onto another one, or picked up with
// the space bar and put down there: the two are then a label and its answer. Arrows go from box to box. The box that is lit has a corner:
// drawn over other boxes, or sent over the next one by Shift and an arrow, it takes them into its field, and gives back what it leaves.

import { BASE } from "../api.js";
import { $, $$, h } from "../dom.js";

const frame = $("#pages");

/** `chosen(spot)`, `joined(from, to)`, `resized(spot, spots)` are called for what is done there. Gives { draw, shows, light, pickUp, resize }. */
export function boxes({ chosen, joined, resized }) {
  let spots = [], held = null, dragged = null, moved = false, drawn = null;

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
    stretch(all, pages, roles);
    ($("button.answer", frame) ?? $("button", frame))?.setAttribute("tabindex", "0");
  }

  function box(number, [x0, y0, x1, y1], width, height, { role, words, field }) {
    const made = h("button", { type: "button", class: `box ${role}`, "data-spot": number, "data-field": field, tabindex: "-1", "aria-label": words, title: words });
    place(made, [x0, y0, x1, y1], width, height);
    return made;
  }

  function place(element, [x0, y0, x1, y1], width, height) {
    element.style.left = `${(x0 / width) * 100}%`;
    element.style.top = `${(y0 / height) * 100}%`;
    element.style.width = `${((x1 - x0) / width) * 100}%`;
    element.style.height = `${((y1 - y0) / height) * 100}%`;
  }

  /** Make the first box of what a field takes as large as all of it, and hide the others under it. */
  function stretch(all, pages, roles) {
    for (const { page, width, height } of pages) {
      for (const one of $$(`[data-page="${page}"] .box`, frame)) {
        const { parts = [] } = roles(Number(one.dataset.spot)), mine = parts.filter((part) => all[part].page === page && all[part].box);
        if (mine.length < 2) continue;
        if (Number(one.dataset.spot) === mine[0]) place(one, around(mine.map((part) => all[part].box)), width, height);
        else one.hidden = true;
      }
    }
  }

  const around = (all) => [Math.min(...all.map((one) => one[0])), Math.min(...all.map((one) => one[1])), Math.max(...all.map((one) => one[2])), Math.max(...all.map((one) => one[3]))];

  const spotOf = (element) => element?.closest?.("#pages .box")?.dataset.spot;
  const shows = (at) => spotOf(at) !== undefined;

  /** Light the boxes of a field. */
  function light(places) {
    const mine = new Set(places.map(String));
    let first = null;
    for (const one of $$(".box", frame)) {
      const lit = mine.has(one.dataset.spot);
      one.classList.toggle("lit", lit);
      if (lit && !one.firstElementChild) one.append(h("span", { class: "corner", "aria-hidden": "true" }));
      else if (!lit) one.replaceChildren();
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

  const middle = (rect) => [(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2];

  /** The spots whose middle lies in a rectangle of the window, in reading order; those hidden under another one count with it. */
  function spotsIn(sheet, left, top, right, bottom) {
    const whole = sheet.getBoundingClientRect(), page = Number(sheet.dataset.page), image = $("img", sheet);
    const across = whole.width / image.getAttribute("width"), down = whole.height / image.getAttribute("height"); // its own size is the window's
    return [...spots.keys()].filter((number) => {
      const { page: at, box: place } = spots[number];
      if (at !== page || !place) return false;
      const x = whole.left + ((place[0] + place[2]) / 2) * across, y = whole.top + ((place[1] + place[3]) / 2) * down;
      return x > left && x < right && y > top && y < bottom;
    });
  }

  function settle(one, right, bottom) {
    const { left, top } = one.getBoundingClientRect();
    const taken = spotsIn(one.closest(".form-page"), left, top, right, bottom);
    resized(Number(one.dataset.spot), taken.length ? taken : [Number(one.dataset.spot)]);
  }

  /** Send the right or the lower edge of the box in focus over the next box there, or back over the last one it took. */
  function resize([dx, dy]) {
    const one = document.activeElement;
    if (!shows(one)) return;
    const own = one.getBoundingClientRect(), sheet = one.closest(".form-page"), spot = one.dataset.spot;
    const inside = spotsIn(sheet, own.left, own.top, own.right, own.bottom);
    const others = [...$$(".box:not([hidden])", sheet)].filter((other) => other !== one).map((other) => other.getBoundingClientRect());
    const level = others.filter((rect) => (dx ? middle(rect)[1] > own.top && middle(rect)[1] < own.bottom : middle(rect)[0] > own.left && middle(rect)[0] < own.right));
    let edge = null;
    if (dx > 0) edge = Math.min(...level.filter((rect) => rect.left >= own.right - 4).map((rect) => rect.right));
    if (dy > 0) edge = Math.min(...level.filter((rect) => rect.top >= own.bottom - 4).map((rect) => rect.bottom));
    if (edge !== null) { if (Number.isFinite(edge)) settle(one, dx ? edge + 1 : own.right, dy ? edge + 1 : own.bottom); }
    else if (inside.length > 1) {
      const end = (number) => spots[number].box[dx ? 2 : 3], last = Math.max(...inside.map(end));
      const left = inside.filter((number) => end(number) < last - 1);
      if (left.length) resized(Number(spot), left);
    }
    $(`.box[data-spot="${spot}"]`, frame)?.focus();
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
    if (step && !event.altKey && !event.shiftKey && shows(event.target)) { event.preventDefault(); event.stopPropagation(); go(step); }
  });
  frame.addEventListener("pointerdown", (event) => {
    drawn = event.button === 0 && event.target.matches(".corner") ? event.target.parentElement : null;
    if (drawn) { event.preventDefault(); moved = false; return; }
    dragged = event.button === 0 ? spotOf(event.target) ?? null : null;
    moved = false;
    if (dragged !== null) event.target.releasePointerCapture?.(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (drawn) {
      const { left, top } = drawn.getBoundingClientRect();
      moved = true;
      drawn.style.width = `${Math.max(8, event.clientX - left)}px`;
      drawn.style.height = `${Math.max(8, event.clientY - top)}px`;
      return;
    }
    if (dragged === null || event.buttons === 0) return;
    const over = spotOf(document.elementFromPoint(event.clientX, event.clientY));
    moved ||= over !== dragged;
    for (const one of $$(".box", frame)) {
      one.classList.toggle("held", moved && one.dataset.spot === dragged);
      one.classList.toggle("under", moved && over !== dragged && one.dataset.spot === over);
    }
  });
  addEventListener("pointerup", (event) => {
    if (drawn) {
      const one = drawn;
      drawn = null;
      if (moved) settle(one, event.clientX, event.clientY);
      return;
    }
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
  return { draw, shows, light, pickUp, resize };
}
