// What one answers with: a widget a kind of field, as the form's definition names it. What is shown is looked at first: nothing that is
// pressed or pasted goes into a text before `edit` has been called, or somebody has clicked into it.
//
//   const widget = makeWidget(info, { id, label, changed, editing, editable });   // info: a field of GET /forms/{name}
//   widget.element                        // to be put into the page
//   widget.show(value, text)              // what the service holds, or one of the alternatives
//   widget.type?.(text)                   // what was typed before a reload
//   widget.answer()                       // what to save: { value } as it was shown, or { text } as it was typed
//   widget.isEmpty()                      // whether that answers nothing
//   widget.focus()                        // to be looked at
//   widget.edit?.()                       // to be written into, the caret at the end; false: there is nothing to write into
//   widget.rest?.()                       // written into no longer
//   widget.isOpen?.()                     // whether it is being written into
//   widget.choices                        // the words of what the keys 1, 2, … choose, where the widget has choices of its own
//   widget.offers?.(value)                // whether one of them is this value
//   widget.pick?.(n)                      // chooses the n-th of them, from 1; it stays chosen when it is chosen again
//
// `changed()` tells that the answer may be another, `editing()` that somebody clicked into it. A date or a number is typed as text in
// any usual writing: the service reads it, as it reads the form.

import { h } from "../dom.js";

export function makeWidget(info, settings) {
  const make = { area, options, table, mark }[info.widget] ?? line;
  return make(info, settings);
}

const HINTS = { date: "如 2021-02-05，也可写 2021年2月5日" };

/** Keeps the inputs that `inputs()` gives from being written into until they are opened; what `edit` and `rest` of a widget do. */
function guarded(inputs, { editable, editing }) {
  let open = false;
  const set = (on) => {
    open = on;
    for (const input of inputs()) input.readOnly = !on;
  };
  return {
    set,
    get isOpen() { return open; },
    /** Opens them at a click into one, before the browser puts the caret there. */
    watch(element) {
      const clicked = (event) => {
        if (open || !editable || !event.target.matches("input[type=text], textarea")) return;
        set(true);
        editing();
      };
      element.addEventListener("pointerdown", clicked);
      element.addEventListener("click", clicked);
    },
    /** Opens them and puts the caret at the end of `input`. */
    edit(input) {
      if (!editable || !input) return false;
      set(true);
      input.focus({ preventScroll: true });
      input.setSelectionRange(input.value.length, input.value.length);
      return true;
    },
  };
}

/** A widget whose answer is text: as long as it is as shown, the value itself is the answer. */
function typed(input, element, settings) {
  let shown = { value: null, text: "" };
  const guard = guarded(() => [input], settings);
  guard.set(false);
  guard.watch(element);
  input.addEventListener("input", settings.changed);
  return {
    element,
    choices: [],
    show(value, text) {
      shown = { value, text: text ?? "" };
      input.value = shown.text;
      input.dispatchEvent(new Event("shown"));
    },
    type(text) {
      input.value = text;
      input.dispatchEvent(new Event("shown"));
    },
    answer: () => (input.value === shown.text ? { value: shown.value } : { text: input.value }),
    isEmpty: () => input.value.trim() === "",
    focus: () => input.focus({ preventScroll: true }),
    edit: () => guard.edit(input),
    rest: () => guard.set(false),
    isOpen: () => guard.isOpen,
  };
}

function line(info, settings) {
  const hint = HINTS[info.kind] ?? null;
  const input = h("input", {
    id: settings.id, type: "text", autocomplete: "off", spellcheck: "false", placeholder: hint, "aria-label": settings.label,
    inputmode: { phone: "tel", email: "email", number: "decimal" }[info.kind] ?? null, maxlength: 2000,
  });
  return typed(input, info.unit ? h("div", { class: "with-unit" }, input, h("span", { class: "soft" }, info.unit)) : input, settings);
}

function area(info, settings) {
  const input = h("textarea", { id: settings.id, rows: 3, spellcheck: "false", "aria-label": settings.label, maxlength: 100_000 });
  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 320)}px`;
  };
  input.addEventListener("input", grow);
  input.addEventListener("shown", () => requestAnimationFrame(grow));
  return typed(input, input, settings);
}

/** A box with its key and its words. */
const choice = (box, number, words) => h("label", {}, box, number <= 9 ? h("kbd", { "aria-hidden": "true", "data-key": `pick-${number}` }) : null, h("span", {}, words));

/** Options of which one or several hold. Where one is asked for, they are radios: none of them can be emptied by choosing it again. */
function options(info, { id, label, changed }) {
  const boxes = info.options.map((option, at) => h("input", { type: "checkbox", name: id, id: at ? null : id, value: option, onchange: (event) => chosen(event.target) }));
  const element = h("fieldset", { class: "toggles" }, h("legend", { class: "unseen" }, label), boxes.map((box, at) => choice(box, at + 1, box.value)));

  /** What was read may hold more than the one that is asked for: then all of it is shown, until one is chosen. */
  function setKind(ticks) {
    const type = info.max === 1 && ticks <= 1 ? "radio" : "checkbox";
    for (const box of boxes) box.type = type;
  }

  function chosen(box) {
    if (info.max === 1) {
      for (const other of boxes) other.checked = other === box;
      setKind(1);
    }
    changed();
  }

  return {
    element,
    choices: info.options,
    offers: (value) => info.max === 1 && value?.length === 1,
    show(value) {
      setKind(value?.length ?? 0);
      for (const box of boxes) box.checked = (value ?? []).includes(box.value);
    },
    answer() {
      const value = boxes.filter((box) => box.checked).map((box) => box.value);
      return { value: value.length ? value : null };
    },
    isEmpty: () => !boxes.some((box) => box.checked),
    focus: () => (boxes.find((box) => box.checked) ?? boxes[0]).focus({ preventScroll: true }),
    pick(number) {
      const box = boxes[number - 1];
      box.checked = info.max === 1 || !box.checked;
      box.focus({ preventScroll: true });
      chosen(box);
    },
  };
}

/** Rows of a table; there is always one more to write into. The answer is text: a line a row, tabs between columns. */
function table(info, settings) {
  const { id, label, changed } = settings;
  const body = h("tbody");
  const element = h("div", { class: "scroll", role: "group", "aria-label": label },
    h("table", { class: "rows-input" }, h("thead", {}, h("tr", {}, info.columns.map((column) => h("th", { scope: "col" }, column.title)))), body));
  const inputs = () => [...body.querySelectorAll("input")];
  const guard = guarded(inputs, settings);
  guard.watch(element);
  let shown = { value: null, text: "" };

  const rows = () => [...body.rows].map((row) => [...row.querySelectorAll("input")].map((input) => input.value.replace(/[\t\n]+/g, " ").trim()));
  const text = () => rows().filter((row) => row.some(Boolean)).map((row) => row.join("\t")).join("\n");

  function add(values = []) {
    const number = body.rows.length + 1;
    body.append(h("tr", {}, info.columns.map((column, at) => h("td", {}, h("input", {
      id: number === 1 && at === 0 ? id : null, type: "text", autocomplete: "off", readonly: !guard.isOpen, disabled: !settings.editable,
      "aria-label": `${label}第 ${number} 行${column.title}`, value: values[at] ?? "", oninput: typed_,
    })))));
  }

  function typed_() {
    if (rows().at(-1).some(Boolean)) add();
    changed();
  }

  return {
    element,
    choices: [],
    show(value, written) {
      this.type(written ?? "");
      shown = { value, text: text() };
    },
    type(written) {
      body.replaceChildren();
      for (const row of written.split("\n")) add(row.split("\t"));
      if (rows().at(-1).some(Boolean)) add();
    },
    answer: () => (text() === shown.text ? { value: shown.value } : { text: text() }),
    isEmpty: () => text() === "",
    focus: () => inputs()[0].focus({ preventScroll: true }),
    edit: () => guard.edit(inputs().find((input) => input === document.activeElement) ?? inputs()[0]),
    rest: () => guard.set(false),
    isOpen: () => guard.isOpen,
  };
}

const VERDICTS = {
  seal: [
    { words: "有印章，与单位名称一致", present: true, agrees: true },
    { words: "有印章，与单位名称不一致", present: true, agrees: false },
    { words: "有印章，看不清或未核对", present: true, agrees: null },
    { words: "没有印章", present: false },
  ],
  plain: [{ words: "有印章", present: true, agrees: null }, { words: "没有印章", present: false }],
  signature: [{ words: "有签字", present: true }, { words: "没有签字", present: false }],
};

/** A seal or a signature: a verdict, and the text on it where it can be read. */
function mark(info, settings) {
  const { id, label, changed } = settings;
  const verdicts = info.kind === "seal" && !info.mentions ? VERDICTS.plain : VERDICTS[info.kind];
  const boxes = verdicts.map((_, at) => h("input", { type: "radio", name: id, id: at ? null : id, value: at, onchange: settle }));
  const text = h("input", { type: "text", autocomplete: "off", maxlength: 200, oninput: changed });
  const writing = h("label", { class: "mark-text" }, h("span", {}, info.kind === "seal" ? "印文" : "签名"), text);
  const element = h("fieldset", { class: "toggles verdicts" }, h("legend", { class: "unseen" }, label),
    boxes.map((box, at) => choice(box, at + 1, verdicts[at].words)), writing);
  const guard = guarded(() => [text], settings);
  guard.set(false);
  guard.watch(element);

  function settle() {
    const chosen = verdicts[boxes.findIndex((box) => box.checked)];
    writing.hidden = !chosen?.present;
    changed();
  }

  return {
    element,
    choices: verdicts.map(({ words }) => words),
    offers: (value) => Boolean(value) && !value.text,
    show(value) {
      const at = verdicts.findIndex((one) => value && one.present === value.present && (one.agrees === undefined || (one.agrees ?? null) === (value.agrees ?? null)));
      // A verdict that this field has no words for is nearest to one that says only that something is there.
      const nearest = at < 0 && value ? verdicts.findIndex((one) => one.present === value.present) : at;
      boxes.forEach((box, number) => { box.checked = number === nearest; });
      text.value = value?.text ?? "";
      writing.hidden = !value?.present;
    },
    answer() {
      const chosen = verdicts[boxes.findIndex((box) => box.checked)];
      if (!chosen) return { value: null };
      const written = chosen.present ? text.value.trim().replace(/\s+/g, " ") || null : null;
      const value = { present: chosen.present, text: written };
      return { value: info.kind === "seal" ? { ...value, agrees: chosen.agrees ?? null } : value };
    },
    isEmpty: () => !boxes.some((box) => box.checked),
    focus: () => (boxes.find((box) => box.checked) ?? boxes[0]).focus({ preventScroll: true }),
    edit: () => !writing.hidden && guard.edit(text),
    rest: () => guard.set(false),
    isOpen: () => guard.isOpen,
    pick(number) {
      boxes[number - 1].checked = true;
      boxes[number - 1].focus({ preventScroll: true });
      settle();
    },
  };
}
