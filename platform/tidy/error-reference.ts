import type { ErrorEntry } from '@countersign/contracts/errors/catalogue.ts';

/** The page of the documentation that lists every error of the API, made from the catalogue. */
export function renderErrorReference(catalogue: Readonly<Record<string, ErrorEntry>>): string {
  const rows = Object.entries(catalogue)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, title, fix }]) => `| \`${code}\` | ${status} | ${cell(title)} | ${cell(fix)} |`);
  return [
    '<!-- Written by platform/tidy/write-error-reference.ts from contracts/errors/catalogue.ts: change that file, then run "npm run generate". -->',
    '',
    '# Errors of the API',
    '',
    'Every error is an RFC 9457 problem document (`application/problem+json`). `code` is stable and meant for programs; `title` and',
    '`detail` are for people and may change. `errors[]` names the fields where there are any.',
    '',
    '| Code | Status | Meaning | What to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
