import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadContract } from '../http/contract.ts';
import { renderPermissionReference } from './permission-reference.ts';

/** Writes docs/reference/permissions.md; with `--check` it only compares, and ends with exit code 1 where the page is behind. */
const page = new URL('../../docs/reference/permissions.md', import.meta.url);
const wanted = renderPermissionReference(await loadContract(fileURLToPath(new URL('../../contracts/openapi/openapi.yaml', import.meta.url))));

if (!process.argv.includes('--check')) {
  await writeFile(page, wanted);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== wanted) {
  console.error('docs/reference/permissions.md is behind contracts/openapi/permissions.ts: run "npm run generate"');
  process.exitCode = 1;
}
