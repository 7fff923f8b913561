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
    await send("POST", "/session", { name: $("#name").value.trim(), password: $("#password").value });
    location.replace(wanted());
  } catch (problem) {
    wrong.textContent = problem.sentence;
    wrong.hidden = false;
    button.disabled = false;
    $("#password").select();
  }
});
