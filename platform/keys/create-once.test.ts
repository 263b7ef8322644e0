import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createOnce } from './create-once.ts';

it('a file is made once and whole, by whoever comes first, and nothing stands beside it afterwards', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'once-'));
  const file = join(folder, 'key');
  const texts = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(10_000));
  await Promise.all(texts.map((text) => createOnce(file, text, 0o600)));
  const made = readFileSync(file, 'utf8');
  expect(texts).toContain(made);
  await createOnce(file, 'another', 0o644);
  expect(readFileSync(file, 'utf8')).toBe(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['key']);
});
