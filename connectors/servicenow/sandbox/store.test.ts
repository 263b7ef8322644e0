/** Keeping records in a file: order, deletion, rewriting, a disk that refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Change } from './change-log.ts';
import { RecordStore } from './store.ts';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'servicenow-store-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const user = (sys_id: string, name: string): Change => ({ table: 'sys_user', sys_id, record: { sys_id, name } });
const open = (seed: Change[] = [user('a', 'one')]) => new RecordStore({ dataDir, seed: () => seed, supersededLimit: 10 });
const lines = () => readFileSync(join(dataDir, 'records.jsonl'), 'utf8').trimEnd().split('\n');

test('what was committed is there again in its order, what was deleted is not, and the seed is not asked twice', () => {
  const first = open();
  first.commit([user('b', 'two'), user('c', 'three')]);
  first.commit([{ table: 'sys_user', sys_id: 'b', record: null }, user('a', 'first')]);
  first.close();
  const again = open([user('z', 'another seed')]);
  expect(again.rows('sys_user').map((row) => row['name'])).toEqual(['first', 'three']);
  again.close();
});

test('one commit is one line: all of it is kept or none', () => {
  const first = open();
  first.commit([user('b', 'two'), user('c', 'three')]);
  first.close();
  const [seed = '', both = ''] = lines();
  writeFileSync(join(dataDir, 'records.jsonl'), `${seed}\n${both.slice(0, -2)}`);
  const again = open();
  expect(again.rows('sys_user').map((row) => row['name'])).toEqual(['one']);
  again.close();
});

test('a file full of superseded records is rewritten at the next start', () => {
  const first = open();
  for (let count = 0; count < 20; count += 1) first.commit([user('b', `name ${count}`)]);
  first.close();
  expect(lines()).toHaveLength(21);
  const second = open();
  expect(lines()).toHaveLength(2);
  second.commit([user('c', 'three')]);
  second.close();
  const third = open();
  expect(third.rows('sys_user').map((row) => row['name'])).toEqual(['one', 'name 19', 'three']);
  third.close();
});

test('an index follows every change', () => {
  const store = new RecordStore({ seed: () => [user('a', 'one')] });
  expect(store.rowsWhere('sys_user', 'name', 'two')).toEqual([]);
  store.commit([user('b', 'two')]);
  expect(store.rowsWhere('sys_user', 'name', 'two')).toHaveLength(1);
  store.commit([{ table: 'sys_user', sys_id: 'b', record: null }]);
  expect(store.rowsWhere('sys_user', 'name', 'two')).toEqual([]);
});

test('a folder that cannot be made is a coded error', () => {
  writeFileSync(join(dataDir, 'file'), '');
  const seed = (): Change[] => [];
  expect(() => new RecordStore({ dataDir: join(dataDir, 'file/below'), seed })).toThrow(expect.objectContaining({ code: 'sandbox_data_unwritable' }));
});
