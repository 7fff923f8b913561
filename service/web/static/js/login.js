// Signing in; then to the page that was asked for, which must be one of ours.

import { send } from "./api.js";
import { $ } from "./dom.js";

const form = $("#login"), wrong = $("#wrong");

function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(next, location.origin);
  return url.origin === location.origin && next.startsWith("/") ? url.pathname + url.search + url.hash : "/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("button", form);
  button.disabled = true;
  wrong.hidden = true;
  try {
    const code = $("#code-field").hidden ? {} : { code: $("#code").value.trim() };
    await send("POST", "/session", { name: $("#name").value.trim(), password: $("#password").value, ...code });
    location.replace(wanted());
  } catch (problem) {
    button.disabled = false;
    if (problem.code === "second-factor-needed" && $("#code-field").hidden) {
      // The password was right: what is missing is asked for, and is no mistake.
      $("#code-field").hidden = false;
      $("#code").required = true;
      return $("#code").focus();
    }
    wrong.textContent = problem.sentence;
    wrong.hidden = false;
    if ($("#code-field").hidden) $("#password").select();
    else $("#code").select();
  }
  return undefined;
});
