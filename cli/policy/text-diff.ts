/** Lines around a change, as `diff -u` has them. */
const CONTEXT = 3;
/** Above this many pairs of lines the middle is shown as replaced whole. */
const MAX_PAIRS = 4_000_000;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** How `before` became `after`, in the unified form; null is a file that is not there. Empty where they are the same. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const lines = linesOf(before ?? '', after ?? '');
  const head = [`--- ${before === null ? '/dev/null' : path}`, `+++ ${after === null ? '/dev/null' : path}`];
  return [...head, ...hunks(lines)].join('\n');
}

function linesOf(before: string, after: string): Line[] {
  const a = split(before);
  const b = split(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ sign: ' ', text }));
  return [...same(a.slice(0, start)), ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)), ...same(a.slice(a.length - end))];
}

function split(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** By the longest common subsequence. */
function changed(a: readonly string[], b: readonly string[]): Line[] {
  const removed = a.map((text): Line => ({ sign: '-', text }));
  const added = b.map((text): Line => ({ sign: '+', text }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_PAIRS) return [...removed, ...added];
  const common = commonLengths(a, b);
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      lines.push({ sign: ' ', text: a[row] ?? '' });
      row += 1;
      column += 1;
    } else if (column >= b.length || (row < a.length && (common[row + 1]?.[column] ?? 0) >= (common[row]?.[column + 1] ?? 0))) {
      lines.push(removed[row]!);
      row += 1;
    } else {
      lines.push(added[column]!);
      column += 1;
    }
  }
  return lines;
}

/** At [row][column]: how long the longest common subsequence of what is left from there on is. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let row = a.length - 1; row >= 0; row -= 1) {
    for (let column = b.length - 1; column >= 0; column -= 1) {
      lengths[row]![column] = a[row] === b[column] ? lengths[row + 1]![column + 1]! + 1 : Math.max(lengths[row + 1]![column]!, lengths[row]![column + 1]!);
    }
  }
  return lengths;
}

function hunks(lines: readonly Line[]): string[] {
  const shown = new Set<number>();
  lines.forEach(({ sign }, index) => { if (sign !== ' ') for (let near = index - CONTEXT; near <= index + CONTEXT; near += 1) shown.add(near); });
  const out: string[] = [];
  let old = 1;
  let now = 1;
  lines.forEach(({ sign, text }, index) => {
    if (shown.has(index)) {
      if (!shown.has(index - 1) || index === 0) out.push(hunkHead(lines, shown, index, old, now));
      out.push(`${sign}${text}`);
    }
    if (sign !== '+') old += 1;
    if (sign !== '-') now += 1;
  });
  return out;
}

function hunkHead(lines: readonly Line[], shown: ReadonlySet<number>, from: number, old: number, now: number): string {
  let to = from;
  while (to < lines.length && shown.has(to)) to += 1;
  const part = lines.slice(from, to);
  const range = (start: number, count: number): string => (count === 0 ? `${start - 1},0` : `${start},${count}`);
  return `@@ -${range(old, part.filter(({ sign }) => sign !== '+').length)} +${range(now, part.filter(({ sign }) => sign !== '-').length)} @@`;
}
