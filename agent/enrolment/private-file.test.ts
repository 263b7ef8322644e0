import { mkdtempSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPrivate, writePrivate } from './private-file.ts';

it('a file is written anew and for its owner alone, whatever lies where its draft goes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'private-'));
  const [path, other] = [join(folder, 'identity.json'), join(folder, 'other')];
  writeFileSync(other, 'of somebody else');
  symlinkSync(other, `${path}.new`);
  await writePrivate(path, 'first');
  writeFileSync(`${path}.new`, 'what a stop has left, which is longer', { mode: 0o644 });
  await writePrivate(path, 'second');
  expect(await readPrivate(path)).toBe('second');
  expect([lstatSync(path).isFile(), lstatSync(path).mode & 0o777, readFileSync(other, 'utf8')]).toEqual([true, 0o600, 'of somebody else']);
});
