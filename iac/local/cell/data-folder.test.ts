import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openDataFolder, runningCell } from './data-folder.ts';

const scratch = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'data-folder-'));

it('makes secrets once, readable by their owner only, and keeps them', async () => {
  const folder = path.join(await scratch(), 'new');
  const first = await openDataFolder(folder, { fresh: false });
  expect(first.isNew).toBe(true);
  expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
  await first.release();
  await mkdir(path.join(folder, 'postgres'));
  const second = await openDataFolder(folder, { fresh: false });
  expect(second.isNew).toBe(false);
  expect(second.secrets).toEqual(first.secrets);
  await second.release();
});

it('lets one cell have a folder', async () => {
  const folder = await scratch();
  const first = await openDataFolder(folder, { fresh: false });
  await expect(openDataFolder(folder, { fresh: false })).rejects.toMatchObject({ code: 'already_running', exitCode: 3 });
  await first.release();
  await (await openDataFolder(folder, { fresh: false })).release();
});

it('takes over from a cell that was killed, even when its pid is in use again', async () => {
  const folder = await scratch();
  await writeFile(path.join(folder, 'cell.lock'), `${process.pid} 1\n`);
  await (await openDataFolder(folder, { fresh: false })).release();
  await writeFile(path.join(folder, 'cell.lock'), '4194303 77\n');
  await (await openDataFolder(folder, { fresh: false })).release();
});

it('tells what a running cell says of itself, and nothing once it has ended', async () => {
  const folder = await scratch();
  const data = await openDataFolder(folder, { fresh: false });
  await data.writeState({ pid: process.pid, url: 'http://localhost:1', sandbox_url: '', agent_url: 'https://localhost:3', control_database_url: '', keys: { root: { kind: 'file', file: '' }, also: [] }, objects: { objectsFolder: '' }, api_key: 'k', region: 'us', cell: 'local', slug: 'local', cell_key: '', sandbox_admin_password: '', processes: {} });
  expect((await runningCell(folder))?.url).toBe('http://localhost:1');
  await data.release();
  expect(await runningCell(folder)).toBeUndefined();
});

it('names a damaged file, and begins anew when told to', async () => {
  const folder = await scratch();
  await (await openDataFolder(folder, { fresh: false })).release();
  await writeFile(path.join(folder, 'secrets.json'), '{"control_pass');
  await expect(openDataFolder(folder, { fresh: false })).rejects.toMatchObject({ code: 'data_folder_broken', exitCode: 5, message: expect.stringContaining('secrets.json') as string });
  const fresh = await openDataFolder(folder, { fresh: true });
  expect(JSON.parse(await readFile(path.join(folder, 'secrets.json'), 'utf8'))).toEqual(fresh.secrets);
  await fresh.release();
});

it('refuses a folder of a newer version, and what is no folder', async () => {
  const folder = await scratch();
  await writeFile(path.join(folder, 'layout.json'), '{"layout": 99}');
  await expect(openDataFolder(folder, { fresh: false })).rejects.toMatchObject({ code: 'data_folder_newer' });
  const file = path.join(await scratch(), 'file');
  await writeFile(file, '');
  await expect(openDataFolder(file, { fresh: false })).rejects.toMatchObject({ code: 'data_folder_broken' });
});

it('never makes up secrets that a database already knows', async () => {
  const folder = await scratch();
  await (await openDataFolder(folder, { fresh: false })).release();
  await mkdir(path.join(folder, 'postgres'));
  await rm(path.join(folder, 'secrets.json'));
  await expect(openDataFolder(folder, { fresh: false })).rejects.toMatchObject({ code: 'data_folder_broken', message: expect.stringContaining('secrets.json is missing') as string });
});

it.each(['null', '[]', '{}', '7', '{"layout'])('a layout of %s is damaged', async (text) => {
  const folder = await scratch();
  await writeFile(path.join(folder, 'layout.json'), text);
  await expect(openDataFolder(folder, { fresh: false })).rejects.toMatchObject({ code: 'data_folder_broken', message: expect.stringContaining('layout.json is damaged') as string });
});

it('begins anew with nothing of before, the sandbox\'s port included', async () => {
  const folder = await scratch();
  const first = await openDataFolder(folder, { fresh: false });
  await first.keep('ports', { sandbox_port: 1 });
  await first.release();
  const fresh = await openDataFolder(folder, { fresh: true });
  expect(await fresh.readKept<{ sandbox_port: number }>('ports', ['sandbox_port'])).toBeUndefined();
  await fresh.release();
});

it('empties no folder that is not its own', async () => {
  const folder = await scratch();
  await mkdir(path.join(folder, 'keys'));
  await writeFile(path.join(folder, 'keys', 'mine'), '');
  await expect(openDataFolder(folder, { fresh: true })).rejects.toMatchObject({ code: 'data_folder_broken', message: expect.stringContaining('holds keys but no layout.json') as string });
  expect(await readdir(path.join(folder, 'keys'))).toEqual(['mine']);
});
