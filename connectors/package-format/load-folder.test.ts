import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Node's own loader is what is tried, so each case runs in a process of its own and not under the test runner's loader. */
const PROGRAM = `
  const { loadFolder } = await import(${JSON.stringify(new URL('load-folder.ts', import.meta.url).href)});
  const { ConnectorError } = await import(${JSON.stringify(new URL('../sdk/errors.ts', import.meta.url).href)});
  const [folder, published, change] = process.argv.slice(1);
  const { connectors, refused } = await loadFolder(folder, [], async (read) => {
    if (change !== '') (await import('node:fs')).writeFileSync(change, 'export const changed = ;');
    return published === 'yes';
  });
  let error = null;
  if (connectors[0]) {
    const egress = { request: async () => ({ status: 404, headers: {}, body: new Uint8Array(), json: () => ({}) }) };
    error = await connectors[0].actions['note.get'].execute({ egress, now: () => new Date() }, { id: 'x' }, null).catch((caught) => ({ ours: caught instanceof ConnectorError, code: caught.code }));
  }
  process.stdout.write(JSON.stringify({
    connectors: connectors.map((c) => ({ name: c.manifest.name, digest: c.packageDigest, origin: c.origin })),
    refused: refused.map((r) => ({ code: r.error.code, problems: r.error.problems })), error,
  }));
`;

interface Outcome {
  readonly connectors: ReadonlyArray<{ readonly name: string; readonly digest: string; readonly origin: string }>;
  readonly refused: ReadonlyArray<{ readonly code: string; readonly problems: readonly string[] }>;
  readonly error: { readonly ours: boolean; readonly code: string } | null;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-packages-'));
  await cp(fileURLToPath(new URL('../package-template', import.meta.url)), path.join(folder, 'notes'), { recursive: true });
  await rm(file('notes.node-test.ts')); // `connector new` gives it its name
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (name: string): string => path.join(folder, 'notes', name);

function load(published = true, change = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', PROGRAM, folder, published ? 'yes' : 'no', change], (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout) as Outcome);
      else reject(error);
    });
  });
}

test('a published package is loaded, and its errors are the SDK\'s own', async () => {
  const { connectors, refused, error } = await load();
  expect([connectors, refused]).toEqual([[{ name: 'notes', digest: expect.stringMatching(/^sha256:/) as string, origin: 'folder' }], []]);
  expect(error).toEqual({ ours: true, code: 'peer_not_found' });
});

test('what runs are the bytes that were digested, whatever the folder holds by then', async () => {
  expect((await load(true, file('client.ts'))).error).toEqual({ ours: true, code: 'peer_not_found' });
});

test('one that nobody published is not run, and says what to do', async () => {
  const { connectors, refused } = await load(false);
  expect([connectors, refused]).toMatchObject([[], [{ code: 'package_unpublished', problems: [expect.stringContaining('Pack and publish it')] }]]);
});

test('every byte of what runs is in the digest, and nothing else is', async () => {
  const digest = async () => (await load()).connectors[0]?.digest;
  const before = await digest();
  await writeFile(file('README.md'), 'other words');
  await writeFile(file('sandbox/server.ts'), 'export {};');
  expect(await digest()).toBe(before);
  await writeFile(file('client.ts'), `${await readFile(file('client.ts'), 'utf8')}\n`);
  expect(await digest()).not.toBe(before);
});

test('links, and code that leads around the gateway, are refused without running', async () => {
  await symlink('/etc/hostname', file('hosts.ts'));
  expect((await load()).refused).toMatchObject([{ code: 'package_invalid', problems: [expect.stringContaining('symbolic link')] }]);
  await rm(file('hosts.ts'));
  await writeFile(file('client.ts'), 'import \'node:net\';\nfetch(\'http://127.0.0.1\');\n');
  expect((await load()).refused).toMatchObject([{ code: 'package_unsafe', problems: [expect.stringContaining('node:net'), expect.stringContaining('fetch')] }]);
});
