// Server-sent events by fetch. Not EventSource: that can't go on from a known event in a new page, and a browser allows only six
// connections to a host over all tabs, so a hidden tab must let go of its own and go on where it was when it is looked at again.
//
//   const stop = live("/events", { last, event: (name, data, id) => …, state: (up) => … });

import { BASE } from "./api.js";

const FIRST_WAIT = 1000, LONGEST_WAIT = 30_000;

/** Follow `path`; `last` is the id of the last event known. Gives a function that stops. `event` returning "stop" stops too. */
export function live(path, { event, state = () => {}, last = null, whileHidden = false }) {
  let stopped = false, breaking = null, wait = FIRST_WAIT, timer = 0, known = last;

  async function follow() {
    if (stopped || breaking || (document.hidden && !whileHidden)) return;
    breaking = new AbortController();
    try {
      const headers = { Accept: "text/event-stream", ...(known === null ? {} : { "Last-Event-ID": String(known) }) };
      const response = await fetch(BASE + path, { headers, signal: breaking.signal, credentials: "same-origin", cache: "no-store" });
      if (!response.ok) {
        if (response.status < 500 && response.status !== 429) stop();
        throw new Error(`${response.status}`);
      }
      state(true);
      wait = FIRST_WAIT;
      for await (const one of events(response.body)) {
        if (one.id !== null) known = one.id;
        if (stopped) return;
        if (one.data !== "" && event(one.name, JSON.parse(one.data), one.id) === "stop") return stop();
      }
    } catch (error) {
      if (error.name !== "AbortError") state(false);
    } finally {
      breaking = null;
      if (!stopped && !(document.hidden && !whileHidden)) again();
    }
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(follow, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function look() {
    if (whileHidden) return;
    if (document.hidden) breaking?.abort();
    else { wait = FIRST_WAIT; clearTimeout(timer); follow(); }
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
    breaking?.abort();
  }

  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => breaking?.abort());
  addEventListener("pageshow", (shown) => shown.persisted && look());
  follow();
  return stop;
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", name = "message", data = [], id = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length || id !== null) yield { name, data: data.join("\n"), id };
        name = "message"; data = []; id = null;
      } else if (!line.startsWith(":")) {
        const [, field, text] = /^([^:]*):? ?(.*)$/s.exec(line);
        if (field === "event") name = text;
        else if (field === "data") data.push(text);
        else if (field === "id") id = text;
      }
    }
  }
}
