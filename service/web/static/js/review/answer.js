// What a person answers for one field, on the review page and on the wall: a widget, what it showed at first, and what a key chooses.
// Nothing of it is kept before somebody says so.

import { h } from "../dom.js";
import { makeWidget } from "./widgets.js";

const MOST_CHOICES = 9; // keys 1 to 9

export class Answer {
  /**
   * `info` is the field of the form; `settings`: { id, label, editable, changed(), editing() } as in widgets.js, and what the buttons
   * do: { discard(), edit(), pick(number) }; `tabindex` of these.
   */
  constructor(info, settings) {
    this.info = info;
    this.settings = settings;
    this.widget = makeWidget(info, { ...settings, changed: () => { this.isEmptied = false; settings.changed(); } });
    this.isEmptied = false; // somebody said that there is no answer
    this.alternatives = [];
    this.others = h("div", { class: "alternatives", role: "group", "aria-label": "其他可能的读法" });
    this.acts = h("span", { class: "row acts unprinted" });
    this.#buildActs();
    for (const control of this.controls) control.disabled = !settings.editable;
  }

  get element() {
    return this.widget.element;
  }

  /** What one can write into or tick. */
  get controls() {
    return this.element.matches("input, textarea") ? [this.element] : [...this.element.querySelectorAll("input")];
  }

  /** Shows what the service holds: { value, text, alternatives }. From here on, that is the answer that needs no saving. */
  show({ value, text, alternatives }) {
    this.widget.show(value, text);
    this.isEmptied = false;
    this.settle();
    const others = alternatives.filter((one) => !same(one.value, value) && !this.widget.offers?.(one.value));
    this.alternatives = others.slice(0, Math.max(0, MOST_CHOICES - this.widget.choices.length));
  }

  /** Takes what stands there for what needs no saving. */
  settle() {
    this.settled = sign(this.widget.answer());
    this.isEmptied = false;
  }

  /** Takes what stands there for what was never saved. */
  unsettle() {
    this.settled = null;
  }

  get isDirty() {
    return this.isEmptied || sign(this.widget.answer()) !== this.settled;
  }

  /** { value } or { text }, to be saved. */
  get given() {
    return this.isEmptied ? { value: null } : this.widget.answer();
  }

  /** Puts back what was given before a reload; `words` are those of its value, `isEmptied` says that somebody said there is none. */
  restore(given, words, isEmptied) {
    if ("text" in given) this.widget.type(given.text);
    else this.widget.show(given.value, words);
    this.isEmptied = isEmptied;
  }

  /** A required answer that is empty, of which nobody said that it is. */
  get lacks() {
    return this.info.required && !this.isEmptied && this.widget.isEmpty();
  }

  /** Whether the key `number` chooses something: a choice of the widget's own, then the alternatives; 0: no answer. */
  has(number) {
    if (!this.settings.editable) return false;
    if (number === 0) return this.info.widget !== "mark"; // that there is no mark is one of its verdicts
    return number <= this.widget.choices.length + this.alternatives.length;
  }

  /** The key of an alternative. */
  numberOf(alternative) {
    return this.widget.choices.length + this.alternatives.indexOf(alternative) + 1;
  }

  pick(number) {
    if (number === 0) this.#show({ value: null, text: "" });
    else if (number <= this.widget.choices.length) this.widget.pick(number);
    else this.#show(this.alternatives[number - this.widget.choices.length - 1]);
  }

  #show({ value, text }) {
    this.widget.show(value, text);
    this.isEmptied = value === null;
    this.rest();
    this.widget.focus();
    this.settings.changed();
  }

  /** Whether it is this alternative that stands there. */
  shows(alternative) {
    return !this.isEmptied && sign(this.widget.answer()) === sign({ value: alternative.value });
  }

  get canEdit() {
    return Boolean(this.settings.editable && this.widget.edit && (this.info.widget !== "mark" || this.widget.answer().value?.present));
  }

  get isEditing() {
    return this.widget.isOpen?.() ?? false;
  }

  edit() {
    this.widget.edit?.();
  }

  /** Written into no longer; what was written stays. */
  rest() {
    this.widget.rest?.();
  }

  /** A button with its key, for what can be done with the answer. */
  act(name, words, run) {
    const { tabindex = null } = this.settings;
    return h("button", { type: "button", class: "small", tabindex, "data-act": name, onclick: run }, words, h("kbd", { "data-key": name }));
  }

  #buildActs() {
    const { editable, discard, edit, pick } = this.settings;
    this.discarding = this.act("discard", "放弃修改", () => discard());
    this.editing = this.act("edit", "修改", () => edit());
    this.emptying = this.act("pick-0", "没有填写", () => pick(0));
    if (editable) this.acts.append(this.discarding, this.editing, this.emptying);
  }

  /** Brings the buttons and the alternatives in line with what stands there. */
  paint() {
    this.discarding.hidden = !this.isDirty;
    this.editing.hidden = this.isEditing || !this.canEdit;
    this.emptying.hidden = this.isEmptied || !this.has(0) || (this.widget.isEmpty() && !this.lacks);
    this.others.replaceChildren(...(this.settings.editable ? this.alternatives : []).map((one) => {
      const number = this.numberOf(one);
      return h("button", { type: "button", class: "small", tabindex: -1, "aria-pressed": String(this.shows(one)), onclick: () => this.settings.pick(number) },
        h("kbd", { "data-key": `pick-${number}` }), h("span", {}, one.text ?? "（空）"));
    }));
  }
}

/** The keys 0 to 9, while `isOn(at)`, on `answer()`; `what` is what 0 empties. */
export const pickKeys = (isOn, answer, pick, what) => [1, 2, 3, 4, 5, 6, 7, 8, 9, 0].map((number) => ({
  name: `pick-${number}`, keys: [String(number)], does: { 0: `原件上没有填写（清空${what}）`, 1: "选第几项（1–9）" }[number],
  run: () => pick(number), own: true, when: (at) => isOn(at) && answer().has(number),
}));

const sign = (given) => JSON.stringify(given);

/** Whether two JSON values are the same. */
export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
