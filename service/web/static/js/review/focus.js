// How long an application is before somebody: counted while the page is in front, and told now and then. What can't be told is lost.

import { send } from "../api.js";

const EVERY_MS = 60_000, LEAST_S = 2, MOST_S = 600;
let id = null, since = null, seconds = 0;

const front = () => !document.hidden && document.hasFocus();

function count() {
  if (since !== null) seconds += (performance.now() - since) / 1000;
  since = id !== null && front() ? performance.now() : null;
}

function tellOf() {
  count();
  if (id === null || seconds < LEAST_S) return;
  send("POST", `/submissions/${id}/focus`, { seconds: Math.min(MOST_S, Math.round(seconds)) }, { keepalive: true }).catch(() => {});
  seconds = 0;
}

/** From now on it is this application. */
export function lookAt(submission) {
  tellOf();
  id = submission;
  seconds = 0;
  since = front() ? performance.now() : null;
}

setInterval(tellOf, EVERY_MS);
addEventListener("focus", count);
addEventListener("blur", count);
addEventListener("pagehide", tellOf);
document.addEventListener("visibilitychange", () => (document.hidden ? tellOf() : count()));
