// Something that is shown once: in full, selected, with a button that copies it.

import { $, h, icon } from "./dom.js";
import { say } from "./toast.js";

/** A note that says `about` and shows `secret`; it stays until it is closed. */
export function shownOnce(about, secret) {
  const field = h("input", { readonly: true, value: secret, "aria-label": about, onfocus: () => field.select() });
  const note = h("div", { class: "note ok", role: "group", "aria-label": about }, icon("info"), h("div", { class: "grow" },
    h("p", {}, about),
    h("div", { class: "secret" }, field,
      h("button", { type: "button", onclick: () => copy(field) }, icon("copy"), "复制"),
      h("button", { type: "button", class: "quiet", onclick: () => note.remove() }, "收起"))));
  setTimeout(() => $("input", note)?.focus());
  return note;
}

/** The clipboard's own interface needs https, which an intranet may not have. */
async function copy(field) {
  field.select();
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
    else if (!document.execCommand("copy")) throw new Error("copy");
    say("已复制");
  } catch {
    say("没有复制成功，请按 Ctrl+C", { kind: "info" });
  }
}
