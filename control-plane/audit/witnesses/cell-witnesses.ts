import { readFile } from 'node:fs/promises';
import { COSIGNATURE_V1, parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';
import { findHomeWorkspace } from '../../tenancy/queries.ts';
import { peerUrl } from '../peer-url.ts';
import { CELL, insertWitness, readWitnesses, removeWitness } from './repository-witnesses.ts';

export interface CellWitnessesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Null: the cell has none of its own. */
  readonly witnessesFile: string | null;
  readonly standInsAllowed: boolean;
}

export interface CellWitness {
  readonly name: string;
  readonly vkey: string;
  readonly url: string;
  readonly required: boolean;
}

/** The file of the cell's witnesses cannot be used. What was read of it before holds. */
export class CellWitnessesError extends Error {
  override readonly name = 'CellWitnessesError';
  readonly code = 'witnesses_invalid';
}

const EVERY_MS = 30_000;

/** Who countersigns the checkpoints of every tenant of the cell stands in a file of whoever operates it; it is read again and again, so that a change takes no restart. */
export function cellWitnessesLoop(parts: CellWitnessesParts): Loop {
  return new Loop({ name: 'cell witnesses', idle_ms: EVERY_MS, busy_ms: EVERY_MS, log: parts.log }, async () => {
    const wanted = parts.witnessesFile === null ? [] : witnessesIn(await readFile(parts.witnessesFile, 'utf8'), parts.standInsAllowed);
    return forEveryTenant(parts.database, parts.log, (tenantId) => parts.database.forTenant(tenantId, (tx) => keepWitnesses(tx, tenantId, wanted, parts.clock.now())));
  });
}

/** `[{"vkey": "name+id+key", "url": "https://...", "required": false}]`. @throws CellWitnessesError naming the entry */
export function witnessesIn(text: string, standInsAllowed: boolean): CellWitness[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw new CellWitnessesError('The file of witnesses (COUNTERSIGN_WITNESSES) is not JSON.', { cause });
  }
  if (!Array.isArray(entries)) throw new CellWitnessesError('The file of witnesses (COUNTERSIGN_WITNESSES) is not a list of {"vkey", "url", "required"}.');
  const witnesses = entries.map((entry: unknown, index) => witnessOf(entry, index, standInsAllowed));
  if (new Set(witnesses.map(({ vkey }) => vkey)).size < witnesses.length) throw new CellWitnessesError('The file of witnesses (COUNTERSIGN_WITNESSES) has a key twice.');
  return witnesses;
}

function witnessOf(entry: unknown, index: number, standInsAllowed: boolean): CellWitness {
  const { vkey, url, required = false, ...rest } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
  const key = typeof vkey === 'string' ? parseVerifierKey(vkey) : null;
  const href = typeof url === 'string' ? peerUrl(url, standInsAllowed) : null;
  if (typeof vkey !== 'string' || key?.type !== COSIGNATURE_V1 || href === null || typeof required !== 'boolean' || Object.keys(rest).length > 0) {
    throw new CellWitnessesError(`Entry ${index + 1} of the file of witnesses (COUNTERSIGN_WITNESSES) is not {"vkey": "<name>+<key id>+<base64>", "url": "https://...", "required": true or false}.`);
  }
  return { name: key.name, vkey, url: href, required };
}

/** One that a tenant has by itself stays the tenant's. Gives whether anything changed. */
async function keepWitnesses(tx: Transaction, tenantId: string, wanted: readonly CellWitness[], at: Date): Promise<boolean> {
  const known = await readWitnesses(tx, tenantId);
  const isWanted = (row: (typeof known)[number]): boolean => wanted.some(({ vkey, url, required }) => vkey === row.vkey && url === row.url && required === row.required);
  const gone = known.filter((row) => row.created_by === CELL && !isWanted(row));
  const fresh = wanted.filter(({ vkey }) => !known.some((row) => row.vkey === vkey && !gone.includes(row)));
  if (gone.length + fresh.length === 0) return false;
  const home = (await tx.maybeOne<{ id: string }>(findHomeWorkspace, [tenantId]))?.id;
  // A tenant whose deletion has taken its workspaces has nobody left to tell.
  if (home === undefined) return false;
  const say = (id: string, change: string): Promise<string> => appendAudit(tx, {
    at, type: 'audit.witness_changed', tenant_id: tenantId, workspace_id: home, run_id: null, actor: { kind: 'system', id: CELL }, subject: { kind: 'witness', id }, data: { change },
  });
  for (const { id } of gone) {
    await removeWitness(tx, tenantId, id);
    await say(id, 'removed');
  }
  for (const witness of fresh) {
    const id = newId('witness');
    await insertWitness(tx, tenantId, { id, ...witness, createdBy: CELL });
    await say(id, 'created');
  }
  return true;
}
