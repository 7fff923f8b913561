// A definition while it is made: plain data as its file spells it, with where each field was seen beside it, under names that begin with
// an underline and are never sent. Nothing here knows the page.

/** The text that is sent: the definition alone. JSON is YAML too. */
export const sent = (form) => JSON.stringify(form, (name, value) => (name.startsWith("_") ? undefined : value));

const isField = (item) => item.kind !== "printed";

/** All fields in reading order: { row, cell, item, at: "rows[0].cells[1].content[0]" }. */
export function fields(form) {
  const found = [];
  for (const [r, row] of form.rows.entries())
    for (const [c, cell] of row.cells.entries())
      for (const [k, item] of (cell.content ?? []).entries())
        if (isField(item)) found.push({ row, cell, item, at: `rows[${r}].cells[${c}].content[${k}]` });
  return found;
}

/** A draft of the service as a definition that can be edited. */
export function opened({ form, guesses = [], places = [] }) {
  for (const [number, { item }] of fields(form).entries()) item._at = places[number] ?? { label: null, answers: [] };
  for (const [number, row] of form.rows.entries()) row._why = guesses.filter((one) => one.place === number);
  form._why = guesses.filter((one) => one.place === null);
  return form;
}

/** The same definition after the service renewed it: what was seen where stays, field by field. */
export function renewed(form, { form: next, changes }) {
  const places = fields(form).map(({ item }) => item._at), why = form.rows.map((row) => row._why ?? []);
  const made = opened({ form: next, places });
  for (const [number, row] of made.rows.entries()) row._why = why[number] ?? [];
  for (const one of changes) (one.place === null ? made._why : made.rows[one.place]._why).push({ ...one, is_change: true });
  return made;
}

/** What people call a field. */
export function titleOf({ cell, item }) {
  if (item.label || !item.beside) return item.label ?? cell.label ?? item.name;
  const owner = cell.content.findLast((other, at) => other.kind === "choice" && at < cell.content.indexOf(item));
  return `${owner?.label ?? cell.label}：${item.beside}`;
}

/** Call a field otherwise. What the form prints stays known, so that copies in use are still read. */
export function rename(one, title) {
  const { cell, item } = one;
  if (item.label !== undefined) {
    item.label = title;
    return;
  }
  const printed = cell.label;
  if (printed && printed !== title && !(cell.aliases ?? []).includes(printed)) cell.aliases = [...(cell.aliases ?? []), printed];
  cell.aliases = (cell.aliases ?? []).filter((alias) => alias !== title);
  if (!cell.aliases.length) delete cell.aliases;
  cell.label = title;
}

/** Call a field otherwise for programs; what refers to it follows. */
export function renameField(form, item, name) {
  if (form.applicant_field === item.name) form.applicant_field = name;
  for (const one of fields(form)) if (one.item.mentions === item.name) one.item.mentions = name;
  item.name = name;
}

/** Take out what refers to fields that are no more, or can't say who applies. */
export function mended(form) {
  const all = new Map(fields(form).map(({ item }) => [item.name, item]));
  if (form.applicant_field && all.get(form.applicant_field)?.kind !== "text") delete form.applicant_field;
  for (const item of all.values()) if (item.mentions && !all.has(item.mentions)) delete item.mentions;
  for (const row of form.rows) for (const cell of row.cells) placed(cell.content ?? []);
}

// What is written beside an option that is no more stands by itself, and so does what went on with a line that is none.
function placed(content) {
  let options = [], inLine = false;
  for (const item of content) {
    if (item.kind === "choice") options = item.options;
    if (item.beside && (!options.includes(item.beside) || !isWritten(item))) delete item.beside;
    if (item.inline && !(inLine && goesInLine(item))) delete item.inline;
    inLine = goesInLine(item);
  }
}

const isWritten = (item) => !["printed", "choice", "prose", "rows", "seal", "signature"].includes(item.kind);
const goesInLine = (item) => item.kind === "printed" || (isWritten(item) && !item.beside);

/** The options of a choice. What is written beside one follows it to its new words. */
export function setOptions({ cell, item }, options) {
  const old = item.options;
  if (options.length === old.length)
    for (const other of cell.content) if (old.includes(other.beside)) other.beside = options[old.indexOf(other.beside)];
  item.options = options;
}

// What any kind of field may say; all else belongs to a kind.
const COMMON = ["kind", "name", "label", "prompt", "prompt_aliases", "guidance", "guidance_aliases", "required", "align", "mentions", "keyed_twice", "beside", "inline", "_at"];

/** Make a field one of another kind; what only the old kind knows goes. */
export function setKind(item, kind) {
  for (const name of Object.keys(item)) if (!COMMON.includes(name)) delete item[name];
  item.kind = kind;
  if (kind === "choice") item.options = ["是", "否"];
  if (["seal", "signature"].includes(kind)) delete item.guidance;
}

/** The kinds that a field can be made without the grid of the form changing. */
export const mayBecome = (one, kind) => kind === one.item.kind || (kind !== "rows" && one.item.kind !== "rows");

/** A field that is none: its words stay on the form as print. */
export function toPrint({ cell, item }, words) {
  const text = (words || item.prompt || item.label || cell.label || "").trim();
  cell.content = cell.content.map((other) => (other === item ? { kind: "printed", text: text || "　" } : other));
}

/** Take a field away, and its row with it where nothing else is left there. False where the form would be empty. */
export function remove(form, { row, cell, item }) {
  const left = cell.content.filter((other) => other !== item);
  if (left.length || row.cells.length > 1) {
    cell.content = left.length ? left : [{ kind: "printed", text: "　" }];
    return true;
  }
  if (form.rows.length === 1) return false;
  form.rows = form.rows.filter((other) => other !== row);
  return true;
}

/** A new field in a row of its own, after the row of `before` or at the end. */
export function add(form, label, at, before = null) {
  const taken = new Set(fields(form).map(({ item }) => item.name));
  let number = taken.size + 1;
  while (taken.has(`field_${number}`)) number += 1;
  const item = { kind: "text", name: `field_${number}`, _at: at };
  const titles = new Set(fields(form).map(titleOf));
  let title = label.trim().replace(/[:：]$/, "").slice(0, 60) || "新的一栏";
  for (let n = 2; titles.has(title); n += 1) title = `${title.replace(/\d+$/, "")}${n}`;
  const width = form.columns.length;
  const cell = width > 1 ? { label: title, label_columns: 1, columns: width - 1, content: [item] } : { label: title, columns: 1, content: [item] };
  const row = width > 1 ? { cells: [cell], _why: [] } : { labels: "above", cells: [cell], _why: [] };
  const place = before ? form.rows.indexOf(before.row) + 1 : form.rows.length;
  form.rows.splice(place, 0, row);
  return item;
}

/** Move a field a place up or down: within its row, and at its end the whole row. True where it moved. */
export function move(form, { row, cell }, step) {
  const inside = row.cells.indexOf(cell) + step;
  if (inside >= 0 && inside < row.cells.length) {
    [row.cells[inside - step], row.cells[inside]] = [row.cells[inside], row.cells[inside - step]];
    return true;
  }
  const place = form.rows.indexOf(row) + step;
  if (place < 0 || place >= form.rows.length) return false;
  [form.rows[place - step], form.rows[place]] = [form.rows[place], form.rows[place - step]];
  return true;
}

/** The row of one field to the place of another's. */
export function moveRow(form, row, target) {
  const from = form.rows.indexOf(row), to = form.rows.indexOf(target);
  form.rows.splice(from, 1);
  form.rows.splice(to, 0, row);
}

/** The version after one, as the service counts. */
export function nextVersion(version) {
  const number = /[0-9]{1,9}$/.exec(version);
  return number ? version.slice(0, number.index) + (Number(number[0]) + 1) : `${version}.2`;
}
