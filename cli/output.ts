/** Data goes to stdout, talk to stderr: a pipe gets data only. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows under aligned headings, for people. */
export function printTable(headings: readonly string[], given: ReadonlyArray<readonly string[]>): void {
  const rows = given.map((row) => row.map(harmless));
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)));
  for (const row of [headings, ...rows]) {
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`);
  }
}

/** What others wrote must not steer the terminal of who reads it, nor begin a row of its own. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd');
}
