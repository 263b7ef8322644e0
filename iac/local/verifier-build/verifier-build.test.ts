import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SampleBundle } from '@countersign/cli/evidence/testing/sample-bundle.ts';
import { SampleStatement } from '@countersign/cli/evidence/testing/sample-statement.ts';
import { buildVerifier } from './build-verifier.ts';
import type { BuiltVerifier } from './build-verifier.ts';

let folder: string;
let empty: string;
let built: BuiltVerifier;

beforeAll(async () => {
  [folder, empty] = await Promise.all([mkdtemp(path.join(tmpdir(), 'verifier-')), mkdtemp(path.join(tmpdir(), 'nothing-else-'))]);
  built = await buildVerifier(folder);
}, 180_000);
afterAll(() => Promise.all([folder, empty].map((one) => rm(one, { recursive: true, force: true }))));

/** In a folder with nothing else in it, and with nothing in its environment. */
function run(form: 'script' | 'binary', ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [file, first] = form === 'binary' ? [built.binary, []] : [process.execPath, [built.script]];
  return new Promise((resolve) => {
    const child = execFile(file, [...first, ...args], { cwd: empty, env: {} }, (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
  });
}

it('is one file that imports nothing but what cannot reach a network', async () => {
  const imported = [...(await readFile(built.script, 'utf8')).matchAll(/(?:from|import|require)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(imported)).toEqual(new Set(['node:crypto', 'node:fs', 'node:fs/promises', 'node:path', 'node:util', 'node:zlib']));
});

it.each(['script', 'binary'] as const)('as a %s it verifies what holds, refuses what does not, and says what it cannot read', async (form) => {
  const sample = new SampleStatement();
  const [good, bad, old, keys] = ['good.zip', 'bad.zip', 'old.zip', 'keys.json'].map((name) => path.join(folder, `${form}-${name}`)) as [string, string, string, string];
  const bytes = sample.seal();
  const altered = Uint8Array.from(bytes);
  altered[Math.floor(bytes.length / 2)]! ^= 1;
  await Promise.all([writeFile(good, bytes), writeFile(bad, altered), writeFile(old, new SampleBundle().seal()), writeFile(keys, JSON.stringify(sample.keys))]);

  const verified = await run(form, good, '--keys', keys, '--witness', sample.witness, '--expect-tenant', 'ten_1', '--json');
  expect(verified, verified.stderr).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, format: 'v2', run_id: 'run_1', cosigned_by: ['witness.example/w1'] });
  expect(await run(form, good)).toMatchObject({ code: 0, stdout: expect.stringContaining('What it does not prove') as string });
  expect(JSON.parse((await run(form, old, '--json')).stdout)).toMatchObject({ verified: true, format: 'v1' });

  const refused = await run(form, bad, '--json');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ verified: false, code: expect.any(String) as string, file: expect.any(String) as string });
  expect(await run(form, good, '--expect-tenant', 'ten_2')).toMatchObject({ code: 1, stderr: expect.stringContaining('tenant_unexpected') as string });
  expect(await run(form, path.join(empty, 'nothing.zip'))).toMatchObject({ code: 2 });
  expect(await run(form, good, '--witness', 'nonsense')).toMatchObject({ code: 2 });
  expect(await run(form, good, '--no-such-option')).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') as string });
  expect(await run(form, '--version')).toMatchObject({ code: 0, stdout: 'countersign-verify 0.2.0\n' });
}, 120_000);
