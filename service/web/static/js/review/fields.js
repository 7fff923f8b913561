// One field of a submission: its cut-out, why it is doubted, what may be chosen with one key, and the widget to answer with.

import { cutout } from "../cutout.js";
import { h, icon } from "../dom.js";
import { moment } from "../words.js";
import { makeWidget } from "./widgets.js";

const SETTLED = ["confirmed", "corrected"];
const MOST_ALTERNATIVES = 9;

export class Card {
  /**
   * `info` is the field of the form, `page` what the card tells: { changed(card), leave(card), history(card), place(evidence),
   * image(part, page), editable, name(actor) }.
   */
  constructor(name, info, at, page) {
    this.name = name;
    this.info = info;
    this.page = page;
    this.clash = null;
    this.#build(at);
  }

  /** Shows what the service holds. What the user has typed and the service has not yet stays as it is. */
  update(field) {
    const ours = this.field && (this.isDirty || this.isSaving);
    this.field = field;
    if (!ours) {
      this.widget.show(field.value, field.text);
      this.shown = this.#sign();
    }
    this.#paint();
  }

  /** The answer in the form of a change; without `text` and `value` it confirms what stands. */
  get change() {
    return this.isDirty ? { field: this.name, ...this.widget.answer() } : { field: this.name };
  }

  get isDirty() {
    return this.#sign() !== this.shown;
  }

  get isDoubtful() {
    return this.field.state === "doubtful" && !this.isSaving;
  }

  get draft() {
    return this.isDirty ? { answer: this.widget.answer(), was: { text: this.field.text, state: this.field.state, by: this.field.by } } : null;
  }

  /** Puts an unsaved answer back into the widget. */
  restore({ answer }) {
    if ("text" in answer) this.widget.type(answer.text);
    else this.widget.show(answer.value, written(answer.value, this.field));
    this.#paint();
  }

  /** Gives up what was typed. */
  revert() {
    this.widget.show(this.field.value, this.field.text);
    this.shown = this.#sign();
    this.clash = null;
    this.say(null);
    this.#paint();
  }

  /** On its way to the service: taken for settled until that says no. */
  saving() {
    this.isSaving = true;
    this.shown = this.#sign();
    this.clash = null;
    this.say(null);
    this.#paint();
  }

  /** The service refused it: what was typed stays, with the reason. */
  refuse(sentence) {
    this.isSaving = false;
    this.shown = null;
    this.say(sentence);
    this.#paint();
  }

  /** Somebody else answered otherwise: both answers, to choose from. `mine` is a change. */
  oppose(field, mine) {
    this.isSaving = false;
    this.clash = mine;
    this.update(field);
    this.#paint();
  }

  say(sentence) {
    this.wrong.textContent = sentence ?? "";
    this.wrong.hidden = !sentence;
  }

  focus() {
    this.element.scrollIntoView({ block: "nearest", behavior: "instant" });
    this.widget.focus();
  }

  /** The key `number`: a choice of the widget's own, or an alternative. False: there is none. */
  pick(number, { alternative = false } = {}) {
    if (!this.page.editable()) return false;
    if (!alternative && this.widget.pick) return this.widget.pick(number);
    const chosen = this.#alternatives()[number - 1];
    if (!chosen) return false;
    this.widget.show(chosen.value, chosen.text);
    this.widget.focus();
    this.page.changed(this);
    this.#paint();
    return true;
  }

  /** Whether a digit typed here is text of the answer rather than the key of an alternative. */
  get digitsAreText() {
    if (this.info.widget === "number" || this.info.widget === "date" || this.info.widget === "table") return true;
    const input = this.widget.input;
    const fresh = !input || input.value === "" || (input.selectionStart === 0 && input.selectionEnd === input.value.length);
    return !fresh || [this.field.text, ...this.#alternatives().map((one) => one.text)].some((text) => /^[0-9０-９]/.test(text ?? ""));
  }

  #sign() {
    return JSON.stringify(this.widget.answer());
  }

  #alternatives() {
    return this.field.alternatives.filter((one) => !same(one.value, this.field.value)).slice(0, MOST_ALTERNATIVES);
  }

  #build(at) {
    const id = `field-${this.name}`;
    this.widget = makeWidget(this.info, { id: `${id}-answer`, label: this.info.title, changed: () => { this.page.changed(this); this.#paint(); } });
    this.chip = h("span", { class: "chip" });
    this.past = h("button", { type: "button", class: "quiet small past-button unprinted", "aria-label": `“${this.info.title}”的历史`, onclick: () => this.page.history(this) }, icon("clock"));
    this.why = h("div", { class: "why", id: `${id}-why` });
    this.seen = h("div", { class: "seen" });
    this.others = h("div", { class: "alternatives", role: "group", "aria-label": "其他可能的读法" });
    this.versus = h("div", { class: "versus", role: "group", "aria-label": "双方的内容", hidden: true });
    this.wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    this.element = h("section", { class: "field-card", id, "data-field": this.name, role: "group", "aria-labelledby": `${id}-title` },
      h("header", {}, h("h3", { id: `${id}-title` }, this.info.title, this.info.required ? h("span", { class: "required", title: "必填" }, "*") : null), this.chip, this.past),
      this.why, this.seen, this.widget.element, this.others, this.versus, this.wrong);
    this.element.style.order = String(at);
    this.element.addEventListener("focusout", (event) => this.element.contains(event.relatedTarget) || this.page.leave(this));
    for (const control of this.widget.element.matches("input, textarea") ? [this.widget.element] : this.widget.element.querySelectorAll("input")) {
      control.setAttribute("aria-describedby", `${id}-why`);
      if (!this.page.editable()) control.disabled = true;
    }
  }

  #paint() {
    const { field } = this;
    this.element.classList.toggle("doubtful", this.isDoubtful);
    this.element.classList.toggle("unsaved", this.isDirty);
    this.chip.className = `chip ${this.isDirty ? "dirty" : this.isSaving ? "busy" : field.state}`;
    this.chip.textContent = this.#chipWords();
    this.why.replaceChildren(...this.#reasons());
    this.#paintSeen();
    this.#paintAlternatives();
    this.#paintClash();
  }

  #chipWords() {
    if (this.isDirty) return "未保存";
    if (this.isSaving) return "正在保存";
    const { state, by, at, remark } = this.field;
    if (state === "doubtful") return "待核对";
    if (!SETTLED.includes(state)) return remark ? `自动读取，${remark}` : "自动读取";
    return `${this.page.name(by)} ${moment(at)} ${state === "confirmed" ? "确认" : "更正"}`;
  }

  #reasons() {
    const { field } = this;
    const told = field.findings.map((finding) => h("p", { class: finding.severity }, finding.message));
    if (!told.length && field.state === "doubtful") told.push(h("p", {}, doubt(field)));
    if (field.was && SETTLED.includes(field.state)) told.push(h("p", { class: "soft" }, `机器读出：${field.was.text ?? "（空）"}`));
    return told;
  }

  #paintSeen() {
    const place = this.field.evidence.map((one) => this.page.place(one)).find(Boolean);
    const key = place ? JSON.stringify([place.box, this.page.image(place.part, place.page)]) : `raw ${this.field.raw}`;
    if (this.seen.dataset.key === key) return;
    this.seen.dataset.key = key;
    if (place) {
      this.seen.replaceChildren(cutout(this.page.image(place.part, place.page), place.box, place.size, `“${this.info.title}”在原件上的样子`));
    } else if (this.field.raw) {
      this.seen.replaceChildren(h("p", { class: "raw", title: "原文" }, this.field.raw));
    } else {
      this.seen.replaceChildren();
    }
  }

  #paintAlternatives() {
    const plain = !this.widget.pick && !this.#alternatives().some((one) => /^[0-9０-９]/.test(one.text ?? "")) && !/^[0-9]/.test(this.field.text ?? "")
      && !["number", "date", "table"].includes(this.info.widget);
    const chosen = this.#sign();
    this.others.replaceChildren(...(this.page.editable() ? this.#alternatives() : []).map((one, at) => h("button", {
      type: "button", class: "small", tabindex: -1, "aria-pressed": String(chosen === JSON.stringify({ value: one.value })),
      onclick: () => this.pick(at + 1, { alternative: true }),
    }, h("kbd", {}, plain ? String(at + 1) : `Alt+${at + 1}`), h("span", {}, one.text ?? "（空）"))));
  }

  #paintClash() {
    this.versus.hidden = !this.clash;
    if (!this.clash) return this.versus.replaceChildren();
    const { field } = this;
    const mine = "text" in this.clash ? this.clash.text : "value" in this.clash ? written(this.clash.value, field) : this.clash.words;
    this.versus.replaceChildren(
      h("p", {}, `${this.page.name(field.by)} 刚才也改了这一栏，请选择：`),
      h("button", { type: "button", class: "theirs", onclick: () => this.page.settle(this, "theirs") }, h("span", { class: "soft small" }, `对方（${this.page.name(field.by)}）`), h("span", {}, field.text ?? "（空）")),
      h("button", { type: "button", class: "mine", onclick: () => this.page.settle(this, "mine") }, h("span", { class: "soft small" }, "我的"), h("span", {}, mine || "（空）")),
    );
    return null;
  }
}

function doubt(field) {
  if (field.confidence === null || field.confidence === undefined) return "机器没有把握，请对照原件";
  return `机器把握 ${Math.floor(field.confidence * 100)}%，请对照原件`;
}

function written(value, field) {
  const known = [field, field.was, ...field.alternatives].find((one) => one && same(one.value, value));
  if (known) return known.text;
  if (Array.isArray(value)) return value.join("、");
  if (value && typeof value === "object" && "present" in value) return value.present ? `有${value.text ? `：${value.text}` : ""}` : "无";
  return value === null ? "" : String(value);
}

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
