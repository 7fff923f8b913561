// The submission that comes next: found, and fetched with its pages and its first picture, while this one is being looked at.

import { get } from "../api.js";
import { pageImage } from "../cutout.js";

const MOST = 100;

export class Ahead {
  /**
   * Looks for what comes after `submission` among those under review, oldest first, those in `seen` last. `found` resolves when `id` is
   * known, null where there is none. `stale` is set by whoever learns that it has changed.
   */
  constructor(submission, seen, parts, pages) {
    this.after = submission;
    this.id = null;
    this.stale = false;
    this.fetchers = { parts, pages };
    this.found = this.#find(seen);
    this.found.catch(() => {});
  }

  /** Fetches it: `parts` and `pages` are promises of what `open` needs. */
  async fetch() {
    try {
      await this.found;
      if (!this.id) return;
      this.parts = this.fetchers.parts(this.id);
      this.parts.catch(() => {});
      this.pages = this.fetchers.pages(this.id);
      const [[detail], { parts }] = await Promise.all([this.parts, this.pages]);
      this.#fetchPicture(detail, parts);
    } catch { /* it will be fetched when it is opened, and tell its problem then */ }
  }

  async #find(seen) {
    const { items } = await get("/submissions", { status: "in-review", sort: "received_at", limit: MOST });
    const others = items.filter((item) => item.id !== this.after);
    this.id = (others.find((item) => !seen.has(item.id)) ?? others[0])?.id ?? null;
  }

  /** The page on which the first doubtful field stands. */
  #fetchPicture(detail, parts) {
    const evidence = Object.values(detail.fields).find((field) => field.state === "doubtful" && field.evidence.length)?.evidence[0];
    const part = parts.find((one) => one.name === evidence?.part && one.pages.length) ?? parts.find((one) => one.pages.length);
    const isThere = ({ table, row, column }) => table === evidence.cell.table && row === evidence.cell.row && column === evidence.cell.column;
    const page = evidence?.page ?? (evidence?.cell && part?.places.find(isThere)?.page) ?? part?.pages[0].page;
    if (part) new Image().src = pageImage(detail.id, part.index, page);
  }
}
