import { readFile, writeFile } from 'node:fs/promises';
import { auditEventSchema } from '@countersign/contracts/events/event-schema.ts';

/** Writes contracts/events/event.schema.json; with `--check` it only compares, and ends with exit code 1 where the schema is behind. */
const file = new URL('../../contracts/events/event.schema.json', import.meta.url);
const wanted = `${JSON.stringify(auditEventSchema(), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, wanted);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
  console.error('contracts/events/event.schema.json is behind contracts/events: run "npm run generate"');
  process.exitCode = 1;
}
