// One field of a submission: its cut-out, why it is doubted, what may be chosen with one key, and what one answers.
//
// A field is looked at before it is written into: its keys are commands, and only "修改", F2 or a click opens the text. What was typed or
// chosen counts when it is confirmed; what is left before that stays as a draft.

import { cutout } from "../cutout.js";
import { h, icon } from "../dom.js";
import { moment } from "../words.js";
import { Answer, same } from "./answer.js";

const SETTLED = ["confirmed", "corrected"];
const EMPTY = "这一栏必填，现在是空的。原件上确实没有填写，请先按“没有填写”再确认";
const NO_VERDICT = "请先按原件选一项，再确认";

export class Card {
  /**
   * `info` is the field of the form, `page` what the card tells: { changed(card), confirm(card), discard(card), history(card),
   * place(evidence), image(part, page), editable, name(actor) }.
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
    if (!ours) this.answer.show(field);
    this.#paint();
  }

  /** The answer in the form of a change; without `text` and `value` it confirms what stands. */
  get change() {
    return this.isDirty ? { field: this.name, ...this.answer.given } : { field: this.name };
  }

  get isDirty() {
    return this.answer.isDirty;
  }

  get isDoubtful() {
    return this.field.state === "doubtful" && !this.isSaving;
  }

  /** Whether there is something to confirm. */
  get isOpen() {
    return !this.clash && (this.isDirty || this.isDoubtful);
  }

  get draft() {
    const { text, state, by } = this.field;
    return this.isDirty ? { answer: this.answer.given, emptied: this.answer.isEmptied, was: { text, state, by } } : null;
  }

  /** Puts an unsaved answer back. */
  restore({ answer, emptied = false }) {
    this.answer.restore(answer, "value" in answer ? written(answer.value, this.field) : null, emptied);
    this.#paint();
  }

  /** Gives up what was typed. */
  revert() {
    this.answer.show(this.field);
    this.clash = null;
    this.say(null);
    this.#paint();
  }

  /** On its way to the service: taken for settled until that says no. */
  saving() {
    this.isSaving = true;
    this.answer.settle();
    this.clash = null;
    this.say(null);
    this.#paint();
  }

  /** The service refused it: what was typed stays, with the reason. */
  refuse(sentence) {
    this.isSaving = false;
    this.answer.unsettle();
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

  /** Why it can't be confirmed as it stands; null: it can. */
  get lack() {
    if (!this.answer.lacks) return null;
    return this.answer.has(0) ? EMPTY : NO_VERDICT;
  }

  focus() {
    this.element.scrollIntoView({ block: "nearest", behavior: "instant" });
    this.answer.widget.focus();
  }

  /** Opens the text. */
  edit() {
    this.answer.edit();
    this.#paint();
  }

  /** Closes the text; what was typed stays, and waits to be confirmed. */
  rest() {
    this.answer.rest();
    this.#paint();
  }

  /** What the key `number` stands for on this card. */
  pick(number) {
    this.say(null);
    this.answer.pick(number);
    this.#paint();
  }

  #changed() {
    this.say(null);
    this.page.changed(this);
    this.#paint();
  }

  #build(at) {
    const id = `field-${this.name}`, editable = this.page.editable();
    this.answer = new Answer(this.info, {
      id: `${id}-answer`, label: this.info.title, editable, changed: () => this.#changed(),
      editing: () => this.#paint(), discard: () => this.page.discard(this), edit: () => this.edit(), pick: (number) => this.pick(number),
    });
    this.confirming = this.answer.act("confirm", "确认", () => this.page.confirm(this));
    if (editable) this.answer.acts.prepend(this.confirming);
    this.chip = h("span", { class: "chip" });
    this.past = h("button", { type: "button", class: "quiet small past-button unprinted", "aria-label": `“${this.info.title}”的历史`, onclick: () => this.page.history(this) }, icon("clock"));
    this.why = h("div", { class: "why", id: `${id}-why` });
    this.seen = h("div", { class: "seen" });
    this.versus = h("div", { class: "versus", role: "group", "aria-label": "双方的内容", hidden: true });
    this.wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    this.element = h("section", { class: "field-card", id, "data-field": this.name, "data-keys-here": true, role: "group", "aria-labelledby": `${id}-title` },
      h("header", {}, h("h3", { id: `${id}-title` }, this.info.title, this.info.required ? h("span", { class: "required", title: "必填" }, "*") : null), this.chip, this.answer.acts, this.past),
      this.why, this.seen, this.answer.element, this.answer.others, this.versus, this.wrong);
    this.element.style.order = String(at);
    // Whoever goes to another window comes back to what was being written.
    this.element.addEventListener("focusout", (event) => this.element.contains(event.relatedTarget) || !document.hasFocus() || this.rest());
    for (const control of this.answer.controls) control.setAttribute("aria-describedby", `${id}-why`);
  }

  #paint() {
    const { field } = this;
    this.element.classList.toggle("doubtful", this.isDoubtful);
    this.element.classList.toggle("unsaved", this.isDirty);
    this.element.classList.toggle("plain", !this.isOpen && !this.clash && !this.isSaving && !field.findings.length);
    this.chip.className = `chip ${this.isDirty ? "dirty" : this.isSaving ? "busy" : field.state}`;
    this.chip.textContent = this.#chipWords();
    this.why.replaceChildren(...this.#reasons());
    this.answer.paint();
    this.#paintConfirming();
    this.#paintSeen();
    this.#paintClash();
  }

  #paintConfirming() {
    this.confirming.hidden = !this.isOpen || this.answer.lacks;
    this.confirming.firstChild.data = this.isDirty ? "保存" : "确认";
  }

  #chipWords() {
    if (this.isDirty) return this.answer.isEmptied ? "未保存：没有填写" : "未保存";
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
