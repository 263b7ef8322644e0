import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import { createKeyFile, readKeyFile } from '@countersign/platform/keys/key-file.ts';
import { Ballast } from './ballast.ts';
import { checkChain } from './check-chain.ts';
import { SpoolError } from './errors.ts';
import { Head } from './head.ts';
import type { Place } from './head.ts';
import { SPOOL_PRAGMAS, SPOOL_SCHEMA } from './schema.ts';
import { Spool } from './spool.ts';
import type { SpoolBounds } from './spool.ts';
import type { SpoolClock } from './transaction.ts';

export interface SpoolOptions {
  /** Made with mode 0700 where it is not there. Holds `spool.db`, `spool.reserve` and, unless `key_file` names another, `spool.key`. */
  readonly folder: string;
  /** 32 bytes in base64, for its owner alone. */
  readonly key_file?: string;
  readonly limit_bytes: number;
  readonly reserve_bytes: number;
  readonly promised_bytes_per_order: number;
  readonly clock: SpoolClock;
}

/**
 * Opens the spool of a folder, or makes one. What was not delivered is read again from its bytes before anything is written.
 *
 * @param newEpoch the id of a new life of the spool, where there is none yet
 * @throws SpoolError `spool_in_use`, `spool_unusable`, `spool_damaged`; KeysError of the key file
 */
export async function openSpool(options: SpoolOptions, newEpoch: string): Promise<Spool> {
  const { folder, clock, limit_bytes, promised_bytes_per_order } = options;
  await makePrivate(folder);
  const keyFile = options.key_file ?? join(folder, 'spool.key');
  if (options.key_file === undefined) await createKeyFile(keyFile);
  const key = await readKeyFile(keyFile);
  const file = join(folder, 'spool.db');
  const database = openFile(file);
  await chmod(file, 0o600);
  try {
    const head = headOf(database, newEpoch);
    checkChain(database, key, head);
    const bounds: SpoolBounds = { limit_bytes, promised_bytes_per_order };
    return new Spool({ database, key, head, bounds, clock, ballast: new Ballast(join(folder, 'spool.reserve'), options.reserve_bytes) });
  } catch (error) {
    database.close();
    throw refused(file, error);
  }
}

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode } = await stat(folder);
  if ((mode & 0o077) !== 0) throw new SpoolError('spool_unusable', `The folder ${folder} can be read by others. Run: chmod 700 ${folder}`);
}

function openFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    for (const pragma of SPOOL_PRAGMAS) database.exec(`PRAGMA ${pragma}`);
    database.exec(SPOOL_SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw refused(file, error);
  }
}

function refused(file: string, error: unknown): unknown {
  const code = (error as { errcode?: number }).errcode;
  // SQLITE_BUSY, SQLITE_LOCKED
  if (code === 5 || code === 6) return new SpoolError('spool_in_use', `Another process has ${file} open. One agent has one state folder; stop the other, or give this one a folder of its own.`, { cause: error });
  // SQLITE_CORRUPT, SQLITE_NOTADB
  if (code === 11 || code === 26) return new SpoolError('spool_damaged', `${file} is not a spool, or is damaged. Keep it for looking at, and enrol again with an empty state folder.`, { cause: error });
  return error;
}

function headOf(database: DatabaseSync, newEpoch: string): Head {
  const first: Place = { seq: 0, hash: FIRST_PREV_HASH };
  const value = (name: string): string | undefined => (database.prepare('SELECT value FROM kept WHERE name = ?').get(name) as { value: string } | undefined)?.value;
  const epoch = value('epoch');
  if (epoch === undefined) {
    database.prepare("INSERT INTO kept (name, value) VALUES ('epoch', ?)").run(newEpoch);
    return new Head(newEpoch, first, first);
  }
  const place = (name: string): Place => (value(name) === undefined ? first : (JSON.parse(value(name)!) as Place));
  return new Head(epoch, place('head'), place('delivered'));
}
