/** `npm run setup:opa`: sees to it that OPA is there; prints its path, or says on stderr how to get it and exits with 1. */
import { join } from 'node:path';
import { ensureOpa } from './opa/ensure-opa.ts';

const exact = process.argv.includes('--exact');
const opa = await ensureOpa({ cache_dir: join(import.meta.dirname, '..', '..', '.cache'), exact });
if (opa.missing) {
  process.stderr.write(`${opa.how_to_get_it}\n`);
  process.exitCode = 1;
} else {
  process.stderr.write(`opa ${opa.version}: ready\n`);
  process.stdout.write(`${opa.path}\n`);
}
