// Saving one submission's fields: each change waits in an outbox until the service has it, and what somebody else changed in the
// meantime is never written over.
//
// Before a change is sent again, after a broken connection or because the version has moved on, what the service holds is looked at:
// it may already be there, it may go in beside what others did, or it clashes, and then a person chooses.

import { Outbox, get, send } from "../api.js";
import { USER } from "../words.js";

const PREFIX = `review.${USER?.id}.`;
const SETTLED = ["confirmed", "corrected"];
const TRIES = 5;

/** A change that somebody else's stands against; `theirs` is the submission as it is now. */
class Clash extends Error {
  constructor(theirs) {
    super("clash");
    this.theirs = theirs;
  }
}

export class Saver {
  /** Events: saved(detail, entry), clashed(entry, detail), refused(entry, problem), state(name, waiting). */
  constructor(submission, events = {}) {
    this.submission = submission;
    this.version = null;
    this.events = events;
    this.outbox = new Outbox(PREFIX + submission, {
      send: (entry) => this.#send(entry),
      done: (entry, detail) => this.events.saved?.(detail, entry),
      refused: (entry, problem) => this.#refused(entry, problem),
      state: (name, waiting) => this.events.state?.(name, waiting),
    });
  }

  /** Save `change` ({field}, {field, value} or {field, text}); `was` is the field as it stood before. */
  save(change, was) {
    return this.outbox.push({ change, was: { text: was.text, state: was.state, by: was.by } });
  }

  /** Whether a change of this field is on its way. */
  isWaiting(field) {
    return this.outbox.entries.some((entry) => entry.change.field === field);
  }

  async #send(entry) {
    if (this.version === null) {
      const found = await this.#look(entry);
      if (found) return found;
    }
    for (let tries = 0; ; tries += 1) {
      try {
        const detail = await send("PATCH", `/submissions/${this.submission}/fields`, { changes: [entry.change] }, { version: this.version });
        this.version = detail.version;
        return detail;
      } catch (problem) {
        if (problem.offline) this.version = null; // it may have been done before the connection broke
        if (problem.code !== "stale" || tries === TRIES) throw problem;
        const found = await this.#look(entry);
        if (found) return found;
      }
    }
  }

  /** Sees what the service holds; gives it where the change is there already. */
  async #look(entry) {
    const now = await get(`/submissions/${this.submission}`);
    const field = now.fields[entry.change.field];
    if (field && isThere(entry, field)) { this.version = now.version; return now; }
    if (field && clashes(entry, field)) throw new Clash(now);
    this.version = now.version;
    return null;
  }

  #refused(entry, problem) {
    if (problem instanceof Clash) {
      this.version = problem.theirs.version;
      this.events.clashed?.(entry, problem.theirs);
    } else if (problem.status === 401) {
      return "keep"; // signed out: it goes when the user is back
    } else {
      this.events.refused?.(entry, problem);
    }
    return "drop";
  }
}

function isThere({ change }, now) {
  if (!SETTLED.includes(now.state)) return false;
  if ("text" in change) return now.text === change.text || (change.text.trim() === "" && now.value === null);
  if ("value" in change) return JSON.stringify(now.value) === JSON.stringify(change.value);
  return true;
}

function clashes({ was }, now) {
  const moved = now.text !== was.text || (now.state !== was.state && SETTLED.includes(now.state));
  return moved && now.by !== USER?.id && SETTLED.includes(now.state);
}

/** Sends what an earlier page could not; `except` is the submission that the page itself takes care of. */
export function sendLeftovers(except) {
  const start = `sealform.outbox.${PREFIX}`;
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(start))) {
    const submission = Number(key.slice(start.length));
    if (!submission || submission === except) continue;
    const keep = (entry) => keepAsDraft(submission, entry);
    new Saver(submission, { clashed: keep, refused: keep }).outbox.flush();
  }
}

/** Keeps what could not be saved for when its submission is opened again; a mere confirmation is not worth it. */
export function keepAsDraft(submission, { change, was }) {
  const { field, ...answer } = change;
  if ("text" in answer || "value" in answer) new Drafts(submission).keep(field, { answer, was });
}

/** What was typed and not yet said to be right, kept over a reload: {field: {answer, was}}. */
export class Drafts {
  constructor(submission) {
    this.key = `sealform.draft.${USER?.id}.${submission}`;
    try { this.all = JSON.parse(localStorage.getItem(this.key) ?? "{}"); } catch { this.all = {}; }
  }

  keep(field, draft) {
    if (draft) this.all[field] = draft;
    else delete this.all[field];
    try {
      if (Object.keys(this.all).length) localStorage.setItem(this.key, JSON.stringify(this.all));
      else localStorage.removeItem(this.key);
    } catch { /* no room: what was typed still stands on the page */ }
  }
}
