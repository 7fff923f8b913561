// Setting a password, by a one-time link or by the one in use.

import { send } from "./api.js";
import { $ } from "./dom.js";

const form = $("#password-form"), wrong = $("#wrong");

function complain(sentence, field) {
  wrong.textContent = sentence;
  wrong.hidden = false;
  field?.setAttribute("aria-invalid", "true");
  field?.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.hidden = true;
  for (const field of form.querySelectorAll("input")) field.removeAttribute("aria-invalid");
  if ($("#new").value !== $("#again").value) return complain("两次输入的新密码不一致。", $("#again"));
  const by = form.dataset.link ? { link: form.dataset.link } : { current: $("#current").value };
  try {
    await send("POST", "/session/password", { ...by, new: $("#new").value });
    form.hidden = true;
    $("#saved").hidden = false;
    return $("#saved h1").focus();
  } catch (problem) {
    return complain(problem.sentence);
  }
});
