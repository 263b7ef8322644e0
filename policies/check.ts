/**
 * Everything that a policy here must pass, by the pinned OPA: `node policies/check.ts`. Formatting, strict checks with the input's
 * schema, tests and vectors, and the committed WASM being what these sources compile to. Says which failed; exit code 1.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOpa, runOpa } from './opa-command.ts';

const INPUT_SCHEMA = join(import.meta.dirname, '..', 'contracts', 'policy', 'input.schema.json');

const API_SCHEMA = join(import.meta.dirname, '..', 'contracts', 'policy', 'api-input.schema.json');

const opa = await findOpa();
const stages: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
  ['opa fmt', () => runOpa(opa, ['fmt', '--diff', '--fail', '.'])],
  ['opa check --strict', () => runOpa(opa, ['check', '--strict', '--schema', INPUT_SCHEMA, '--ignore', 'api', '.'])],
  ['opa check --strict api', () => runOpa(opa, ['check', '--strict', '--schema', API_SCHEMA, 'api'])],
  ['opa test', () => runOpa(opa, ['test', '.'])],
  ['compiled WASM', () => promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build.ts'), '--check'])],
];

for (const [name, run] of stages) {
  try {
    await run();
    process.stdout.write(`${name}: ok\n`);
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    process.stderr.write(`${name}: failed\n${stdout}${stderr}\n`);
    process.exitCode = 1;
  }
}
