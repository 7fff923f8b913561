// The trial of a definition, and putting it in force: what reads badly is told, and goes out for a reason only.

import { BASE, Problem, get, send } from "../api.js";
import { $, h } from "../dom.js";
import { tell } from "../toast.js";
import { sent } from "./model.js";

const LOOK_MS = 400;
const place = $("#trial");

/** `form()` gives the definition, `wrong(problems)` is called with what is wrong with it, `out(form)` when it is in force. */
export function trial({ form, wrong, out }) {
  let tried = null, running = 0;

  /** Fill the form in, print it, read it back. */
  async function run() {
    const mine = (running += 1), text = sent(form());
    tried = null;
    try {
      const { id } = await send("POST", "/trials", new Blob([text], { type: "application/yaml" }));
      wrong([]);
      place.hidden = false;
      $("#trial-title").focus({ preventScroll: true });
      place.scrollIntoView({ block: "start" });
      const told = await ended(`/trials/${id}`, (share, doing) => { if (mine === running) progress(share, doing); });
      if (mine !== running) return;
      tried = { text, told };
      show(id, told);
    } catch (problem) {
      if (mine === running) refused(problem);
    }
  }

  function progress(share, doing) {
    $("#trial-bar").hidden = false;
    $("#trial-bar").value = share;
    $("#trial-sum").textContent = `正在试填、打印、读回：${doing}`;
    $("#trial-told").replaceChildren();
    $("#trial-pages").replaceChildren();
  }

  function show(id, told) {
    $("#trial-bar").hidden = true;
    $("#trial-sum").className = `note ${told.passes ? "ok" : "bad"}`;
    $("#trial-sum").textContent = `试读 ${told.read} 处（Word、PDF、扫描件），读对 ${told.right} 处，读错又没有提示的 ${told.silent} 处，要人看的 ${told.asked} 处。`
      + (told.passes ? "可以启用。" : "没有达到要求（读对不少于 97%，栏目少的许错一处，没有提示的错误为零），请按下面的提示修改；一定要照这样启用的，写明理由。");
    $("#trial-told").replaceChildren(...told.told.map((text) => h("li", {}, text)));
    const picture = (which, words) => h("figure", {}, h("figcaption", {}, words), h("img", { src: `${BASE}/trials/${id}/${which}/1.png`, alt: `${words}的第一页` }));
    $("#trial-pages").replaceChildren(picture("blank", "空白表"), picture("filled", "试填的一份"));
    $("#reason-field").hidden = told.passes;
    place.scrollIntoView({ block: "start" });
  }

  /** Put the definition in force. */
  async function publish() {
    const text = sent(form()), reason = $("#reason-text").value.trim();
    if (tried?.text !== text) {
      await run();
      if (tried?.text !== text || !tried.told.passes) return;
    }
    if (!tried.told.passes && !reason) {
      $("#reason-field").hidden = false;
      $("#reason-text").setAttribute("aria-invalid", "true");
      $("#reason-text").focus();
      return;
    }
    try {
      out(await send("POST", "/forms", new Blob([text], { type: "application/yaml" }), { query: tried.told.passes ? {} : { reason } }));
    } catch (problem) {
      refused(problem);
    }
  }

  function refused(problem) {
    place.hidden = problem.code === "definition-invalid" || place.hidden;
    if (problem.code === "definition-invalid") wrong(problem.detail.split("\n").map(faultOf));
    else tell(problem);
  }

  return { run, publish };
}

/** The answer of a job once it has ended. */
export async function ended(path, progress) {
  for (;;) {
    const told = await get(path);
    if (told.state === "done") return told;
    if (told.state === "failed") throw new Problem(told.problem.status, told.problem);
    progress(told.share, told.doing);
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/** A problem as the service lists it, file:line:column: path：words, as { at, text }. */
function faultOf(line) {
  const found = /^[^:]*:\d+:\d+: (.*)$/.exec(line)?.[1] ?? line;
  const at = /^[\w[\].]+/.exec(found)?.[0] ?? "";
  return { at, text: found.slice(at.length).replace(/^：/, "") || found };
}
