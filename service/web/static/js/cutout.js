// Pictures of pages, and pieces cut out of them.
//
// A piece is the page's own picture behind a window: the page is fetched once, however many fields stand on it.

import { BASE } from "./api.js";
import { h } from "./dom.js";

/** Points around a box that are shown with it. */
const MARGIN = 5;
/** Pixels of the screen that a point of paper takes: at most, and at least, so that it can be read; what is higher then is scrolled. */
const LARGEST = 2, SMALLEST = 1.2;
/** Pixels: how high a cut-out may be without scrolling; as in cutout.css. */
const HIGHEST = 172;

/** The address of a page as a picture; `scale` is pixels a point, 1 to 4, `seal` "off" the text below the seals. */
export function pageImage(submission, part, page, { scale = 2, seal = "on" } = {}) {
  return `${BASE}/submissions/${submission}/parts/${part}/pages/${page}.webp?scale=${scale}${seal === "off" ? "&seal=off" : ""}`;
}

/** The window on `box` (points) of a page of `size` {width, height}, whose picture is at `src`. */
export function cutout(src, box, size, label) {
  const [x0, y0, x1, y1] = around(box, size);
  const width = x1 - x0, height = y1 - y0;
  const image = h("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  const inner = h("div", { class: "cutout-window" }, image);
  inner.style.aspectRatio = `${width} / ${height}`;
  inner.style.width = `${Math.round(width * Math.max(SMALLEST, Math.min(LARGEST, HIGHEST / height)))}px`;
  image.style.width = `${(size.width / width) * 100}%`;
  image.style.left = `${(-x0 / width) * 100}%`;
  image.style.top = `${(-y0 / height) * 100}%`;
  return h("div", { class: "cutout", role: "img", "aria-label": label }, inner);
}

function around([x0, y0, x1, y1], { width, height }) {
  return [Math.max(0, x0 - MARGIN), Math.max(0, y0 - MARGIN), Math.min(width, x1 + MARGIN), Math.min(height, y1 + MARGIN)];
}
