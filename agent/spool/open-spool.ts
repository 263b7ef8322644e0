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
export async function openSpool({ folder, key_file, clock, ...limits }: SpoolOptions, newEpoch: string): Promise<Spool> {
  await makePrivate(folder);
  const file = join(folder, 'spool.db');
  const key = await keyOf(key_file ?? join(folder, 'spool.key'), key_file === undefined && !await exists(file));
  const database = openFile(file);
  try {
    await chmod(file, 0o600);
    if (headOf(database, key) === undefined) begin(database, key, newEpoch);
    const head = headOf(database, key)!;
    checkChain(database, key, head);
    return new Spool({ database, key, head, clock, bounds: new Bounds(folder, new Ballast(join(folder, 'spool.reserve'), limits.reserve_bytes), limits) });
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

/** A new key is made for a new spool only: with another one nothing of the old could be read. */
async function keyOf(file: string, isNew: boolean): Promise<Uint8Array> {
  if (isNew) await createKeyFile(file);
  return readKeyFile(file);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}
