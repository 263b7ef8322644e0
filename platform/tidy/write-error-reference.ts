import { readFile, writeFile } from 'node:fs/promises';
import { ERROR_CATALOGUE } from '@countersign/contracts/errors/catalogue.ts';
import { renderErrorReference } from './error-reference.ts';

/** Writes docs/reference/errors.md; with `--check` it only compares, and ends with exit code 1 where the page is behind. */
const page = new URL('../../docs/reference/errors.md', import.meta.url);
const wanted = renderErrorReference(ERROR_CATALOGUE);

if (!process.argv.includes('--check')) {
  await writeFile(page, wanted);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== wanted) {
  console.error('docs/reference/errors.md is behind contracts/errors/catalogue.ts: run "npm run generate"');
  process.exitCode = 1;
}
