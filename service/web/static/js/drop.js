// Files dropped anywhere on a page, whole folders too.

import { tell } from "./toast.js";

/** Take what is dropped: `over` is shown while files hover, `about()` is called before it is; `take(files)` gets all files. */
export function takesFiles(over, take, about = () => {}) {
  let inside = 0; // dragenter and dragleave come for each element under the pointer
  const bearsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!bearsFiles(event)) return;
    event.preventDefault();
    inside += 1;
    about();
    over.hidden = false;
  });
  addEventListener("dragleave", () => {
    inside = Math.max(0, inside - 1);
    over.hidden = inside === 0;
  });
  addEventListener("dragover", (event) => {
    if (!bearsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("drop", async (event) => {
    inside = 0;
    over.hidden = true;
    if (!bearsFiles(event)) return;
    event.preventDefault();
    try { await take(await filesOf(event.dataTransfer)); } catch (error) { tell(error); }
  });
}

const folders = new WeakMap();

/** The folder in what was dropped that a file lay in, as "收到/甲公司"; "" of a file that was dropped or chosen itself. */
export const folderOf = (file) => folders.get(file) ?? "";

/** All files of a drop. Entries must be asked for before the first await. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    folders.set(file, entry.fullPath.split("/").slice(1, -1).join("/"));
    return [file];
  }
  const reader = entry.createReader(), found = [];
  for (;;) { // a folder is told a hundred entries at a time
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    for (const one of some) found.push(...(await within(one)));
  }
}
