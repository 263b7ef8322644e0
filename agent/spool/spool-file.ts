import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import { isDamage, SpoolError } from './errors.ts';
import { Head } from './head.ts';
import type { Place } from './head.ts';
import { ALONE, GIVES_BACK, SPOOL_PRAGMAS, SPOOL_SCHEMA } from './schema.ts';
import { seal, unseal } from './sealing.ts';

const FIRST: Place = { seq: 0, hash: FIRST_PREV_HASH };

/** @throws SpoolError `spool_in_use`, `spool_damaged`, `spool_full` */
export function openFile(file: string): DatabaseSync {
  // For its owner alone from the first byte on; SQLite gives the log before it the mode of the file.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file);
  try {
    database.exec(ALONE);
    const { page_count } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    if (page_count === 0) database.exec(GIVES_BACK);
    for (const pragma of SPOOL_PRAGMAS) database.exec(`PRAGMA ${pragma}`);
    database.exec(SPOOL_SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw refused(file, error);
  }
}

/** What SQLite says of a file, in words that say what to do. */
export function refused(file: string, error: unknown): unknown {
  if (error instanceof SpoolError) return error;
  const code = (error as { errcode?: number }).errcode ?? 0;
  // SQLITE_BUSY, SQLITE_LOCKED
  if ([5, 6].includes(code & 0xff)) return new SpoolError('spool_in_use', `Another process has ${file} open. One agent has one state folder; stop the other, or give this one a folder of its own.`, { cause: error });
  // SQLITE_FULL
  if (code === 13) return new SpoolError('spool_full', `The disk of ${file} is full, and there is no spool yet.`, { cause: error });
  if (isDamage(error)) return new SpoolError('spool_damaged', `${file} is not a spool, or is damaged. Keep it for looking at, and enrol again with an empty state folder.`, { cause: error });
  return error;
}

/** Begins the first life of a spool, and binds its key to it. */
export function begin(database: DatabaseSync, key: Uint8Array, epoch: string): Head {
  database.prepare("INSERT INTO kept (name, value) VALUES ('epoch', ?), ('key_check', ?)").run(epoch, Buffer.from(seal(key, `spool ${epoch}`, epoch)).toString('base64'));
  return new Head(epoch, FIRST, FIRST);
}

/**
 * Where the spool ends; undefined where it was never begun.
 * @throws SpoolError `spool_damaged` it was begun with another key
 */
export function headOf(database: DatabaseSync, key: Uint8Array): Head | undefined {
  const value = (name: string): string | undefined => (database.prepare('SELECT value FROM kept WHERE name = ?').get(name) as { value: string } | undefined)?.value;
  const [epoch, check] = [value('epoch'), value('key_check')];
  if (epoch === undefined) return undefined;
  unseal(key, `spool ${epoch}`, Buffer.from(check ?? '', 'base64'));
  const place = (name: string): Place => (value(name) === undefined ? FIRST : JSON.parse(value(name)!) as Place);
  return new Head(epoch, place('head'), place('delivered'));
}
