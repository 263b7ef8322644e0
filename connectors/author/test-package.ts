import './resolve-sdk.ts';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startBench } from '../conformance/bench.ts';
import { ConformanceFailure } from '../conformance/failure.ts';
import { conformanceChecks } from '../conformance/suite.ts';
import type { ConformanceSubject } from '../conformance/subject.ts';
import { readPackage } from '../package-format/load-package.ts';
import { AuthorError } from './errors.ts';

/** `connector test`: manifest and code, the package's own tests, and the suite that every connector passes. True when all hold. */
export async function testPackage(given: string | undefined): Promise<boolean> {
  const folder = path.resolve(given ?? '.');
  if (!existsSync(path.join(folder, 'manifest.yaml'))) throw new AuthorError(`${folder} holds no manifest.yaml, so it is no package. \`countersign connector new NAME\` makes one.`);
  const { manifest, content } = readPackage(folder);
  const tally = new Tally();
  tally.ok(`manifest.yaml: ${Object.keys(manifest.actions).length} actions; ${content.size} files import nothing but themselves and the SDK`);
  await ownTests(folder, tally);
  await conformance(folder, tally);
  process.stdout.write(`\n${tally.passed} passed, ${tally.broken} broken\n${tally.broken === 0 ? `\nNext   countersign connector pack ${given ?? '.'} --key FILE\n` : ''}`);
  return tally.broken === 0;
}

class Tally {
  passed = 0;
  broken = 0;

  ok(name: string): void {
    this.passed += 1;
    process.stdout.write(`  ✓ ${name}\n`);
  }

  fail(name: string, why: string): void {
    this.broken += 1;
    process.stdout.write(`  ✗ ${name}\n      ${why.replaceAll('\n', '\n      ')}\n`);
  }
}

async function ownTests(folder: string, tally: Tally): Promise<void> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules')).map((file) => path.join(folder, file));
  if (files.length === 0) return tally.fail('its own tests', 'There is no *.test.ts. Test what is particular to this connector, with node:test.');
  process.stdout.write('\nIts own tests\n');
  const stream = run({ files, execArgv: ['--import', new URL('./resolve-sdk.ts', import.meta.url).href] });
  // A file is reported as a test of its own name; it counts only when it broke before any test of it ran.
  stream.on('test:pass', ({ name, details }) => { if (details.type !== 'suite' && !name.endsWith('.test.ts')) tally.ok(name); });
  stream.on('test:fail', ({ name, details }) => tally.fail(path.basename(name), causeOf(details.error)));
  for await (const event of stream) void event;
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : String(error.cause ?? error.message);
}

async function conformance(folder: string, tally: Tally): Promise<void> {
  process.stdout.write('\nWhat every connector promises\n');
  const file = path.join(folder, 'conformance.ts');
  if (!existsSync(file)) return tally.fail('conformance.ts', 'It is missing. It says how the stand-in is started and which parameters succeed; see connectors/README.md, "Conformance".');
  const bench = await startSubject(file).then(startBench).catch((error: unknown) => {
    tally.fail('the stand-in of conformance.ts starts', error instanceof Error ? error.message : String(error));
    return null;
  });
  if (bench === null) return;
  try {
    for (const check of conformanceChecks(bench)) {
      await check.run().then(() => tally.ok(check.name), (error: unknown) => {
        tally.fail(check.name, error instanceof ConformanceFailure ? error.message : String((error as Error).stack ?? error));
      });
    }
  } finally {
    await bench.stop();
  }
}

async function startSubject(file: string): Promise<ConformanceSubject> {
  const { conformance: subject } = await import(pathToFileURL(file).href) as { conformance?: ConformanceSubject };
  if (subject === undefined) throw new AuthorError(`${file} exports no \`conformance\`.`);
  return subject;
}
