import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureChromium } from './chromium/chromium.ts';
import type { RunningPostgres } from './postgres/postgres.ts';
import { ensureRedis } from './redis/ensure-redis.ts';
import { ensureMoto } from './aws/moto.ts';
import { parseArguments, vitestSelection, type TestArguments, type TestKind } from './test/arguments.ts';
import { buildConsole, runChecks } from './test/checks.ts';
import { keepTemporaryFilesIn, TEST_DATABASE_URL } from './test/config.ts';
import { TestRunError } from './test/errors.ts';
import { startTestPostgres } from './test/postgres-setup.ts';
import { StageReport } from './test/report.ts';
import { makeScratch } from './test/scratch.ts';
import { Tools } from './test/tools.ts';

/**
 * `npm test`: every check of the repository, then every test, against a PostgreSQL of the run's own.
 * `npm test -- --only unit|db|cell|browser -- <vitest arguments>` runs a part of the tests and leaves the checks out.
 * Exit code 0 only if all went through. What was started is stopped, also on Ctrl-C. The last lines are vitest's summary.
 */

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;

const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = new Tools(root);
const report = new StageReport((text) => process.stdout.write(text));
const scratch = await makeScratch();
keepTemporaryFilesIn(scratch.folder);
let postgres: RunningPostgres | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => tools.stop());
}

try {
  process.exitCode = await runAll(parseArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof TestRunError)) throw error;
  console.error(error.message);
  process.exitCode = error.code === 'test_arguments_invalid' ? EXIT_USAGE : EXIT_INTERRUPTED;
} finally {
  await postgres?.stop();
  await scratch.remove();
}

async function runAll({ only, vitest }: TestArguments): Promise<number> {
  await Promise.all([runChecksOf(only), fetchTools(only)]);
  if (only !== 'unit') {
    postgres = await report.stage('PostgreSQL for the tests', () => startTestPostgres());
    if (postgres === undefined) return EXIT_FAILED;
  }
  const failedChecks = report.failed.length;
  if (failedChecks > 0) console.log(`\n  ${failedChecks} failed above (${report.failed.join(', ')}): this run ends with exit code ${EXIT_FAILED} whatever the tests say.`);
  const testsCode = await runVitest([...vitestSelection(only), ...vitest]);
  return testsCode === 0 && failedChecks > 0 ? EXIT_FAILED : testsCode;
}

async function runChecksOf(only: TestKind | undefined): Promise<void> {
  if (only === undefined) await runChecks(report, tools, root);
  if (only === 'browser') await buildConsole(report);
}

/** What the tests need beside Node, and a machine may not have: looked for, and got, while the checks run. */
async function fetchTools(only: TestKind | undefined): Promise<void> {
  if (only === undefined || only === 'browser') await report.stage('Chromium', (note) => ensureChromium(note));
  if (only !== 'unit' && only !== 'browser') await report.stage('Redis', (note) => ensureRedis(note));
  if (only !== 'cell' && only !== 'browser') await report.stage('moto, a stand-in for AWS', () => ensureMoto(join(root, '.cache')));
}

async function runVitest(args: readonly string[]): Promise<number> {
  const environment: Record<string, string> = postgres === undefined ? {} : { [TEST_DATABASE_URL]: postgres.adminUrl };
  return tools.runInTerminal('vitest', ['run', ...args], environment);
}
