import { access, chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_ENTRY_BYTES } from '@countersign/contracts/agent/spool-entry.ts';
import { createKeyFile, readKeyFile } from '@countersign/platform/keys/key-file.ts';
import { Ballast } from './ballast.ts';
import { Bounds } from './bounds.ts';
import type { SpoolLimits } from './bounds.ts';
import { checkChain } from './check-chain.ts';
import { SpoolError } from './errors.ts';
import { Spool } from './spool.ts';
import { begin, headOf, openFile, refused } from './spool-file.ts';
import type { SpoolClock } from './transaction.ts';

export interface SpoolOptions extends SpoolLimits {
  /** Made with mode 0700 where it is not there. Holds `spool.db`, `spool.reserve` and, unless `key_file` names another, `spool.key`. */
  readonly folder: string;
  /** 32 bytes in base64, for its owner alone. */
  readonly key_file?: string;
  readonly clock: SpoolClock;
}

/** The longest outcome there is. */
export const PROMISED_BYTES_PER_ORDER = MAX_ENTRY_BYTES;

/**
 * Opens the spool of a folder, or makes one. What was not delivered is read again from its bytes before anything is written.
 *
 * @param newEpoch the id of a new life of the spool, where there is none yet
 * @throws SpoolError `spool_in_use`, `spool_unusable`, `spool_damaged`, `spool_full`; KeysError of the key file
 */
export async function openSpool(options: SpoolOptions, newEpoch: string): Promise<Spool> {
  await makePrivate(options.folder);
  // A new key for a new spool only: with another one nothing of the old could be read.
  if (options.key_file === undefined && !await hasSpool(options.folder)) await createKeyFile(keyFileOf(options));
  return open(options, newEpoch);
}

/**
 * Opens what is there and makes nothing.
 * @throws SpoolError as `openSpool`, and `spool_unusable` where none was begun
 */
export async function openExisting(options: SpoolOptions): Promise<Spool> {
  if (!await hasSpool(options.folder)) throw neverBegun(options.folder);
  return open(options, null);
}

async function open({ folder, key_file, clock, ...limits }: SpoolOptions, newEpoch: string | null): Promise<Spool> {
  const file = fileOf(folder);
  const key = await readKeyFile(keyFileOf({ folder, key_file }));
  const database = openFile(file);
  try {
    await chmod(file, 0o600);
    const head = headOf(database, key) ?? (newEpoch === null ? null : begin(database, key, newEpoch));
    if (head === null) throw neverBegun(folder);
    checkChain(database, key, head);
    return new Spool({ file, database, key, head, clock, bounds: new Bounds(folder, new Ballast(join(folder, 'spool.reserve'), limits.reserve_bytes), limits) });
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

function fileOf(folder: string): string {
  return join(folder, 'spool.db');
}

function keyFileOf({ folder, key_file }: { readonly folder: string; readonly key_file?: string | undefined }): string {
  return key_file ?? join(folder, 'spool.key');
}

function hasSpool(folder: string): Promise<boolean> {
  return access(fileOf(folder)).then(() => true, () => false);
}

function neverBegun(folder: string): SpoolError {
  return new SpoolError('spool_unusable', `There is no spool in ${folder}: no agent has run with this state_dir.`);
}
