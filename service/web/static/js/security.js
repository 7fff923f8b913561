// Where one is signed in, and the second factor.

import { get, send } from "./api.js";
import { $, $$, h } from "./dom.js";
import { say, tell } from "./toast.js";
import { moment } from "./words.js";

const STEPS = ["#begin", "#confirm", "#codes", "#remove"];
const wrong = $("#wrong");

/** Shows one step, or none. */
function show(step) {
  for (const one of STEPS) $(one).hidden = one !== step;
  wrong.hidden = true;
  for (const input of $$("#factor-title ~ form input")) input.value = "";
}

async function showFactor() {
  const state = await get("/second-factor");
  $("#owes").hidden = state.active || !state.required;
  $("#factor-state").textContent = state.active ? `已启用，还有 ${state.recovery_left} 个恢复码。` : "未启用。";
  show(!state.active ? "#begin" : state.required ? null : "#remove");
}

// What a browser calls itself, as people call it.
const BROWSERS = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS = [[/Windows/, "Windows"], [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]];

function called(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names.find(([sign]) => sign.test(agent))?.[1]);
  return browser ? [browser, system].filter(Boolean).join("，") : agent || "未知的浏览器";
}

function row(session) {
  const end = h("button", { type: "button", class: "small", "aria-label": `结束登录：${called(session.agent)}，${moment(session.created_at)}` }, "结束");
  end.addEventListener("click", async () => {
    end.disabled = true;
    try {
      await send("DELETE", `/sessions/${session.id}`);
      say("已结束该登录");
    } catch (problem) {
      tell(problem);
    }
    await showSessions();
    $("#sessions-title").focus();
  });
  return h("li", {},
    h("div", {}, h("p", {}, called(session.agent)), h("p", { class: "soft small" }, `${session.origin || "未知地址"}，${moment(session.created_at)} 登录`)),
    session.current ? h("span", { class: "soft" }, "本浏览器") : end);
}

async function showSessions() {
  const { items } = await get("/sessions");
  $("#sessions").replaceChildren(...items.map(row));
  $("#end-others").hidden = items.length < 2;
}

/** What a form does; a refusal is told above it. */
function on(selector, act) {
  const form = $(selector);
  if (!form) return;
  const button = $("button:not([type])", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    wrong.hidden = true;
    try {
      await act();
    } catch (problem) {
      wrong.textContent = problem.sentence;
      wrong.hidden = false;
      $("input", form).select();
    }
    button.disabled = false;
  });
}

on("#begin", async () => {
  const begun = await send("POST", "/second-factor", { password: $("#begin-password").value });
  show("#confirm");
  $("#qr").src = begun.qr;
  $("#secret").textContent = begun.secret.match(/.{1,4}/g).join(" ");
  $("#confirm-code").focus();
});

on("#confirm", async () => {
  const { recovery_codes: codes } = await send("POST", "/second-factor/confirmation", { code: $("#confirm-code").value });
  show("#codes");
  $("#owes").hidden = true;
  $("#factor-state").textContent = "已启用。";
  $("#codes-list").replaceChildren(...codes.map((code) => h("li", {}, code)));
  $("#factor-title").focus();
  await showSessions();
});

on("#remove", async () => {
  await send("POST", "/second-factor/removal", { password: $("#remove-password").value, code: $("#remove-code").value });
  say("动态验证码已停用");
  await showFactor();
  $("#factor-title").focus();
});

$("#cancel")?.addEventListener("click", () => show("#begin"));
$("#print")?.addEventListener("click", () => print());
// The bar knows anew what one may do now.
$("#kept")?.addEventListener("click", () => location.reload());
$("#end-others").addEventListener("click", async () => {
  try {
    const { count } = await send("DELETE", "/sessions");
    say(`已结束其他 ${count} 个登录`);
  } catch (problem) {
    tell(problem);
  }
  await showSessions();
});

try {
  // Who signed in through a provider has neither password nor second factor here.
  await Promise.all([$("#factor-title") && showFactor(), showSessions()]);
} catch (problem) {
  tell(problem);
}
