import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePackage, digestOfContent } from '@countersign/contracts/connectors/package/packed.ts';
import { isPublisherJwk, verifyPackage } from '@countersign/contracts/connectors/package/signature.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
let folder: string;
let made = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-author-'));
  await author('new', 'original');
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function author(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

/** A copy of a new package with one text of one file replaced. */
async function packageWith(file: string, from: string | RegExp, to: string): Promise<string> {
  made += 1;
  const name = `copy-${made}`;
  await cp(path.join(folder, 'original'), path.join(folder, name), { recursive: true });
  const at = path.join(folder, name, file);
  const before = await readFile(at, 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  await writeFile(at, after);
  return name;
}

describe('connector new and test', () => {
  test('what is made passes everything', async () => {
    expect(await author('new', 'wiki')).toMatchObject({ code: 0, stderr: '' });
    const ended = await author('test', 'wiki');
    expect(ended.stdout).toMatch(/\n\d\d passed, 0 broken\n/);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  test.each([
    ['a wrong name', ['new', 'My Wiki'], 'such as my-wiki'], ['a name that is shipped', ['new', 'servicenow'], 'Choose another name'],
    ['no package', ['test', 'nowhere'], 'holds no manifest.yaml'], ['no command', ['knit', 'x'], 'Usage: countersign connector'],
    ['no key', ['pack', '.'], '--key FILE'], ['a key that is none', ['pack', '.', '--key', MAIN], 'cannot be read as a key'],
  ])('%s is told in a sentence', async (_what, args, words) => {
    const ended = await author(...args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toMatch(/\n +at /);
  });

  test.each<[string, string, string | RegExp, string, string]>([
    ['a misspelt key of the manifest', 'manifest.yaml', 'idempotent: true', 'idempotant: true', 'line 15: /actions/note.get must NOT have additional properties: idempotant is none of a manifest\'s keys; look for a typo (did you mean idempotent?)'],
    ['an unknown risk', 'manifest.yaml', 'risk: write', 'risk: wirte', 'line 44: /actions/entry.add/risk must be one of read, write, destructive, model'],
    ['a redaction of nothing', 'manifest.yaml', '/owner_email', '/owner_mail', 'line 22: /actions/note.get/redact names /owner_mail'],
    ['a connection of its own', 'client.ts', /^/, 'import \'node:https\';\n', 'client.ts:1 imports "node:https": packages open no connections'],
    ['a look at the environment', 'client.ts', 'const response =', 'process.env.TOKEN; const response =', 'uses `process`'],
    ['a module named while it runs', 'client.ts', 'const response =', 'await import(`node:${1}`); const response =', 'imports while it runs'],
    ['a file that leads out', 'client.ts', './errors.ts', '../errors.ts', 'it leads out of the package'],
    ['code from text', 'client.ts', 'const response =', '(() => 1).constructor(\'return 1\')(); const response =', 'reaches for `.constructor`'],
  ])('%s is found before anything runs', async (_what, file, from, to, words) => {
    const ended = await author('test', await packageWith(file, from, to));
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(words);
  });

  test.each<[string, string, string | RegExp, string, string]>([
    ['a reconcile that always says no', 'actions/add-entry.ts', /if \(!note\.entries\.some.*/, 'if (note.id !== \'\') return { happened: false };', 'lost after its effect: its effect is at the stand-in 2 times instead of once'],
    ['a reconcile that always says yes', 'actions/add-entry.ts', /if \(!note\.entries\.some.*/, 'if (note.id === \'\') return { happened: false };', 'lost before it was sent: its effect is at the stand-in 0 times instead of once'],
    ['an answer that breaks its schema', 'manifest.yaml', 'title: { type: string }', 'title: { type: integer }', '/title must be integer'],
    ['a claim of idempotence that does not hold', 'manifest.yaml', 'idempotent: false\n    reconcile: true', 'idempotent: true\n    reconcile: true', 'says `idempotent: true`, and two calls had 2 effects'],
    ['a peer\'s text that is repeated', 'errors.ts', 'The peer answered ${status}', 'The peer answered ${status} ${Buffer.from(response.body).toString()}', 'repeats the credential'],
    ['a Retry-After that is not read', 'errors.ts', '\'retry-after\'', '\'retry-later\'', '`retryAfterMs` is undefined, expected 7000'],
    ['a stand-in that is not there', 'conformance.ts', 'url: sandbox.url', 'url: \'http://127.0.0.1:9\'', 'where nothing answers (ECONNREFUSED)'],
    ['a preview that shows nothing', 'actions/add-entry.ts', 'additions: [{ label: \'Entry\', text: entry }]', 'additions: []', 'people would approve what they cannot see'],
  ])('the suite finds %s', async (_what, file, from, to, words) => {
    const ended = await author('test', await packageWith(file, from, to));
    expect(ended.stdout).toContain(words);
  }, 60_000);
});

describe('connector pack', () => {
  test('gives the same bytes for the same content and key, and the signature holds over them', async () => {
    await cp(path.join(folder, 'original'), path.join(folder, 'packed'), { recursive: true });
    await author('key', 'publisher.key');
    expect(await author('pack', 'packed', '--key', 'publisher.key', '-o', 'one.zip')).toMatchObject({ code: 0, stderr: '' });
    await author('pack', 'packed', '--key', 'publisher.key', '-o', 'two.zip');
    const [one, two] = await Promise.all(['one.zip', 'two.zip'].map((file) => readFile(path.join(folder, file))));
    expect(one!.equals(two!)).toBe(true);
    const key = JSON.parse(await readFile(path.join(folder, 'publisher.key.pub'), 'utf8')) as unknown;
    if (!isPublisherJwk(key)) throw new TypeError('no public key was written');
    const { content, signature } = decodePackage(one!);
    expect([...content.keys()]).toEqual(['actions/add-entry.ts', 'actions/get-note.ts', 'client.ts', 'connector.ts', 'errors.ts', 'manifest.yaml']);
    expect(verifyPackage(signature, key)).toMatchObject({ name: 'original', version: '0.1.0', package_digest: digestOfContent(content) });
    expect((await author('key', 'publisher.key')).stderr).toContain('a key is never overwritten');
  });
});
