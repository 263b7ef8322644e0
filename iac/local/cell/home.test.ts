import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { keptCellKey, keptHome } from './home.ts';

let folder: DataFolder;
beforeEach(async () => { folder = await openDataFolder(await mkdtemp(path.join(tmpdir(), 'home-test-')), { fresh: false }); });
afterEach(async () => {
  await folder.release();
  await rm(folder.path, { recursive: true, force: true });
});

it('is settled at the first start and kept', async () => {
  expect(await keptHome(folder, { region: 'eu', cell: 'eu-1', slug: 'acme' })).toEqual({ region: 'eu', cell: 'eu-1', slug: 'acme' });
  expect(await keptHome(folder, {})).toEqual({ region: 'eu', cell: 'eu-1', slug: 'acme' });
  await expect(keptHome(folder, { region: 'us' })).rejects.toThrow('This cell was made with --region eu. Start it with that, or begin anew with --fresh.');
});

it('is the local one where nothing is said, and where a cell was made before it was asked', async () => {
  expect(await keptHome({ ...folder, isNew: false }, {})).toEqual({ region: 'us', cell: 'local', slug: 'local' });
  await expect(keptHome(folder, { cell: 'us-2' })).rejects.toThrow('--cell local');
});

it('has one key of its operator, told to the cell as a digest', async () => {
  const first = await keptCellKey(folder);
  expect(first).toEqual(await keptCellKey(folder));
  expect(first.cell_key).toMatch(/^cs_cell_[\w-]{43}$/);
  expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
});
