// Changes that must not be lost: kept in localStorage until the service has answered, sent one after another, tried again after a
// dropped connection, also after a reload.
//
//   const outbox = new Outbox("review.7", {
//     send: (entry) => send("PATCH", path, { changes: entry.changes }, { version }),    // called when its turn has come
//     done: (entry, answer) => …,             // answered; the entry is gone
//     refused: (entry, problem) => "drop",    // the service said no: "drop" it (usual) or "keep" it and stop until `flush`
//     state: (name, waiting) => …,            // "idle" | "sending" | "offline" | "held"
//   });
//   outbox.push({ changes });  outbox.flush();  outbox.waiting   // entries not yet answered
//
// A connection may break after the service has done what was asked: `send` must bear being called twice with one entry.

const FIRST_WAIT = 1000, LONGEST_WAIT = 20_000;

export class Outbox {
  constructor(name, { send, done = () => {}, refused = () => "drop", state = () => {} }) {
    this.key = `sealform.outbox.${name}`;
    this.handlers = { send, done, refused, state };
    this.entries = this.#stored();
    this.wait = FIRST_WAIT;
    this.timer = 0;
    this.running = null;
    addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden || this.flush());
  }

  get waiting() {
    return this.entries.length;
  }

  /** Keep `entry` (plain JSON) and send it when its turn has come. */
  push(entry) {
    this.entries.push(entry);
    this.#store();
    return this.flush();
  }

  /** Replace or drop waiting entries: `change(entries) -> entries`. What is being sent at the moment stays first. */
  rewrite(change) {
    const first = this.running ? this.entries.slice(0, 1) : [];
    this.entries = [...first, ...change(this.entries.slice(first.length))];
    this.#store();
  }

  /** Send what waits, now. Resolves when all is answered, or when the connection is down. */
  flush() {
    clearTimeout(this.timer);
    this.running ??= this.#drain().finally(() => { this.running = null; });
    return this.running;
  }

  async #drain() {
    while (this.entries.length) {
      const entry = this.entries[0];
      this.handlers.state("sending", this.waiting);
      try {
        const answer = await this.handlers.send(entry);
        this.#forget(entry);
        this.wait = FIRST_WAIT;
        await this.handlers.done(entry, answer);
      } catch (problem) {
        if (problem.offline || problem.status >= 502) return this.#later();
        if ((await this.handlers.refused(entry, problem)) === "keep") return this.handlers.state("held", this.waiting);
        this.#forget(entry);
      }
    }
    return this.handlers.state("idle", 0);
  }

  #later() {
    this.timer = setTimeout(() => this.flush(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.handlers.state("offline", this.waiting);
  }

  #forget(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.#store();
  }

  #stored() {
    try { return JSON.parse(localStorage.getItem(this.key) ?? "[]"); } catch { return []; }
  }

  #store() {
    try {
      if (this.entries.length) localStorage.setItem(this.key, JSON.stringify(this.entries));
      else localStorage.removeItem(this.key);
    } catch { /* private window or full: what waits still lives in this page */ }
  }
}
