import { readFile, writeFile } from 'node:fs/promises';
import { renderInputReference } from './render.ts';

/** Writes docs/reference/policy-input.md; with `--check` it only compares, and ends with exit code 1 where the page is behind. */
const page = new URL('../../docs/reference/policy-input.md', import.meta.url);
const wanted = renderInputReference();

if (!process.argv.includes('--check')) {
  await writeFile(page, wanted);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== wanted) {
  console.error('docs/reference/policy-input.md is behind contracts/policy/input.schema.json: run "npm run generate"');
  process.exitCode = 1;
}
