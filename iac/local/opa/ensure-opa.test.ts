import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOpaConfig } from './config.ts';
import { ensureOpa } from './ensure-opa.ts';
import { isCompatible } from './version.ts';

const VERSION = '1.22.0';
let scratch: string;
let bin: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'ensure-opa-'));
  bin = join(scratch, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(scratch, { recursive: true }));

const says = (version: string): string => `#!/bin/sh\necho "Version: ${version}"\n`;

async function script(path: string, content: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o755);
}

function ensure(options: { exact?: boolean; install?: boolean; base?: string; sha256?: string } = {}) {
  const lines: string[] = [];
  const config = readOpaConfig({ PATH: `${bin}:/bin:/usr/bin`, HOME: scratch, ...(options.sha256 ? { COUNTERSIGN_OPA_SHA256: options.sha256 } : {}) });
  return ensureOpa({ cache_dir: join(scratch, 'cache'), config, progress: (line) => lines.push(line), exact: options.exact ?? false, install: options.install ?? true, ...(options.base ? { release_base_url: options.base } : {}) });
}

// Stands where a machine may have a real Go: this test is about what happens without one that works.
const brokenGo = () => script(join(bin, 'go'), '#!/bin/sh\n[ "$1" = version ] && echo "go version go1.0 linux/amd64" && exit 0\necho "go: no network" >&2; exit 1\n');

test('an opa on PATH is used when it is the pinned one or a newer 1.x', async () => {
  await script(join(bin, 'opa'), says('1.30.1'));
  expect(await ensure()).toEqual({ path: 'opa', version: '1.30.1' });
  await script(join(bin, 'opa'), says(VERSION));
  expect(await ensure({ exact: true })).toEqual({ path: 'opa', version: VERSION });
});

test('where bytes are compared, only the pinned version is used: from the cache', async () => {
  await script(join(bin, 'opa'), says('1.30.1'));
  const cached = join(scratch, 'cache', `opa-${VERSION}`, 'opa');
  await script(cached, says(VERSION));
  expect(await ensure({ exact: true })).toEqual({ path: cached, version: VERSION });
});

test('Go compiles it into the cache, and a second call finds it there', async () => {
  await script(join(bin, 'go'), `#!/bin/sh\n[ "$1" = version ] && echo "go version go1.26 linux/amd64" && exit 0\nprintf '${says(VERSION).replaceAll('\n', '\\n')}' > "$GOBIN/opa" && chmod +x "$GOBIN/opa"\n`);
  const path = join(scratch, 'cache', `opa-${VERSION}`, 'opa');
  expect(await ensure()).toEqual({ path, version: VERSION });
  await rm(join(bin, 'go'));
  expect(await ensure({ install: false })).toEqual({ path, version: VERSION });
});

test('without any way it says why each failed and what helps', async () => {
  await brokenGo();
  const result = await ensure();
  expect(result).toMatchObject({ missing: true });
  expect(result.missing && result.how_to_get_it).toMatch(/go: no network[\s\S]*no SHA-256 is pinned[\s\S]*npm run setup:opa/);
});

test('a release binary is used only with the checksum that the operator named', async () => {
  await brokenGo();
  const binary = says(VERSION);
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? '');
    response.end(binary);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const wrong = await ensure({ base, sha256: '00'.repeat(32) });
    expect(wrong.missing && wrong.how_to_get_it).toMatch(/instead of 0000/);
    const right = await ensure({ base, sha256: createHash('sha256').update(binary).digest('hex') });
    expect(right).toEqual({ path: join(scratch, 'cache', `opa-${VERSION}`, 'opa'), version: VERSION });
    expect(requested[0]).toMatch(/^\/v1\.22\.0\/opa_/);
  } finally {
    server.close();
  }
});

test('compatible means: the same major version and not older', () => {
  expect([isCompatible('1.22.0', VERSION), isCompatible('1.23.0', VERSION), isCompatible('1.22.3', VERSION)]).toEqual([true, true, true]);
  expect([isCompatible('1.21.9', VERSION), isCompatible('2.0.0', VERSION), isCompatible('0.99.0', VERSION)]).toEqual([false, false, false]);
});
