import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ensureChromium, findChromium } from './chromium.ts';

const scratch = await mkdtemp(join(tmpdir(), 'countersign-chromium-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function folderWith(programs: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(scratch, 'bin-'));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return folder;
}

it('passes over a program that only asks for a snap', async () => {
  const snap = await folderWith({ 'chromium-browser': 'echo "please install the snap" >&2; exit 1' });
  const real = await folderWith({ 'google-chrome': 'echo Chrome 1' });
  expect(await findChromium(snap)).toBeUndefined();
  expect(await findChromium([snap, real].join(delimiter))).toBe(join(real, 'google-chrome'));
});

it('says how to get one where there is neither Chromium nor apt-get', async () => {
  const nothing = await folderWith({});
  await expect(ensureChromium(() => undefined, nothing)).rejects.toMatchObject({ code: 'chromium_missing', message: expect.stringContaining('apt-get install chromium') });
});
