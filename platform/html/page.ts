/**
 * A page for people in one file: no script, no image, nothing that is fetched, and a policy that forbids all of it. It can be opened from a disk,
 * printed, and read aloud. Whatever is put into it is text: only what is written here is markup.
 */
export interface Page {
  readonly title: string;
  /** Under the title, in one line. */
  readonly summary: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  /** Paragraphs before the table. */
  readonly text?: readonly string[];
  readonly table?: Table;
  /** Commands, one per line. */
  readonly commands?: readonly string[];
}

export interface Table {
  readonly headings: readonly string[];
  readonly rows: ReadonlyArray<readonly Cell[]>;
  /** In place of the rows, where there are none. */
  readonly empty: string;
}

/** `code`: ids, digests and field names. */
export type Cell = string | { readonly code: string };

export function renderPage({ title, summary, sections }: Page): Uint8Array {
  return Buffer.from([
    '<!doctype html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="referrer" content="no-referrer">', '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`, `<style>${STYLE}</style>`, '</head>', '<body>', '<main>',
    `<h1>${escaped(title)}</h1>`, `<p class="summary">${escaped(summary)}</p>`, ...sections.map(rendered), '</main>', '</body>', '</html>', '',
  ].join('\n'));
}

function rendered({ heading, text = [], table, commands }: Section): string {
  return [
    '<section>', `<h2>${escaped(heading)}</h2>`, ...text.map((line) => `<p>${escaped(line)}</p>`), ...(table === undefined ? [] : [renderedTable(table)]),
    ...(commands === undefined ? [] : [`<pre>${escaped(commands.join('\n'))}</pre>`]), '</section>',
  ].join('\n');
}

function renderedTable({ headings, rows, empty }: Table): string {
  if (rows.length === 0) return `<p class="none">${escaped(empty)}</p>`;
  const head = headings.map((heading) => `<th scope="col">${escaped(heading)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, column) => `<td${isOfShortWords(cell) ? ' class="words"' : ''}><span class="heading" aria-hidden="true">${escaped(headings[column] ?? '')}</span>${renderedCell(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

/** Ids and digests may break anywhere; a column of words is not made narrower than a word. */
function isOfShortWords(cell: Cell): boolean {
  return typeof cell === 'string' && cell.split(/\s/).every((word) => word.length <= 14);
}

function renderedCell(cell: Cell): string {
  return typeof cell === 'string' ? escaped(cell) : `<code>${escaped(cell.code)}</code>`;
}

/** Also what would turn a line around or stand unseen in it. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => (character === '\n' || character === '\t' ? character : '\u{fffd}'))
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: CanvasText; background: Canvas; overflow-wrap: anywhere; }
main { max-width: 70rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #8886; padding-bottom: .25rem; }
.summary, .none { opacity: .8; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #8883; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; }
table code { font-size: .95em; }
th, .words { overflow-wrap: normal; }
pre { padding: .75rem; border: 1px solid #8886; overflow-x: auto; white-space: pre-wrap; }
.heading { display: none; }
/* On a narrow screen each row stands by itself, with the headings beside its cells. */
@media screen and (max-width: 45rem) {
  table, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .5rem 0; border-bottom: 1px solid #8886; }
  td { display: grid; grid-template-columns: 8rem 1fr; padding: .1rem 0; border: 0; }
  .heading { display: inline; opacity: .8; }
}
@page { margin: 15mm; }
@media print { main { max-width: none; padding: 0; } table { font-size: .75rem; } tr { break-inside: avoid; } h2, thead { break-after: avoid; } }
`;
