// Building elements. Text only ever enters by textContent, so nothing that an applicant wrote can become markup.

/** The first element that matches, in `root`. */
export const $ = (selector, root = document) => root.querySelector(selector);

/** All elements that match, as an array. */
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/**
 * h("button", { class: "quiet", onclick: go, "aria-label": "…" }, "text", child, [more]) makes an element.
 * A property that begins with "on" is a listener; true is an empty attribute; null, undefined and false leave it out.
 * The content security policy forbids the attribute `style`: set `element.style.…` instead.
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "indeterminate") element[name] = value;
    else if (name === "checked") element.checked = element.defaultChecked = value;
    else if (name === "selected") element.selected = element.defaultSelected = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Beside this module, whatever edition it was loaded from.
const ICONS = new URL("../img/icons.svg", import.meta.url).pathname;

/** An icon of static/img/icons.svg; decoration unless `label` says what it means. */
export function icon(name, label = null) {
  const use = svg("use", { href: `${ICONS}#${name}` });
  return svg("svg", label ? { class: "icon", role: "img", "aria-label": label } : { class: "icon", "aria-hidden": "true" }, use);
}

/** Puts `children` in the place of what `element` held; what a user had unfolded stays so, and the focus where it was. */
export function repaint(element, children) {
  const open = new Set($$("details[open] > summary", element).map((summary) => summary.textContent));
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...children);
  for (const summary of $$("details > summary", element)) if (open.has(summary.textContent)) summary.parentElement.open = true;
  if (focused) $$(focused.localName, element).find((one) => one.textContent === focused.textContent)?.focus();
}

/** Whether the user is writing there, so that a letter is text and no command. */
export function isWriting(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLSelectElement) return true;
  if (element.readOnly) return false;
  if (element instanceof HTMLTextAreaElement) return true;
  const silent = ["checkbox", "radio", "button", "submit", "reset", "file", "range", "color"];
  return element instanceof HTMLInputElement && !silent.includes(element.type);
}

/** Calls `run` once, `wait` ms after the last call. */
export function settled(run, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}
