import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageDigest } from '@countersign/contracts/connectors/package/package.ts';
import { packageFilesBeside } from './package-content.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-shared-'));
  for (const name of ['openai', 'model-adapter']) cpSync(fileURLToPath(new URL(`../${name}/`, import.meta.url)), path.join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const digest = (): string => packageDigest(packageFilesBeside(pathToFileURL(path.join(folder, 'openai/manifest.yaml')), [pathToFileURL(`${path.join(folder, 'model-adapter')}/`)]));

test('code that is shared is part of what an instance was approved with; its tests are not', () => {
  const before = digest();
  writeFileSync(path.join(folder, 'model-adapter/generate.test.ts'), 'export {};');
  expect(digest()).toBe(before);
  writeFileSync(path.join(folder, 'model-adapter/minimise.ts'), 'export const minimise = (value) => value;');
  expect(digest()).not.toBe(before);
});
