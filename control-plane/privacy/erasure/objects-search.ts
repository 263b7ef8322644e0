import { decodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { folded, mentions, textIn } from '@countersign/contracts/privacy/terms.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { insertFindings, isRunHeld, keepClaim, strayEvidence } from './repository-erasure.ts';
import type { Finding } from './repository-person.ts';

export interface ObjectsSearchParts {
  readonly database: Database;
  readonly objects: Objects;
}

export const OBJECTS = 'objects';
/** How often it is said that the search still goes on. */
const CLAIM_EVERY = 50;
const RUN = /\/(run_[0-9a-z]{26})\//;

/**
 * Goes through the evidence of the tenant, which shows what runs wrote back, and removes what mentions the person. What the store keeps until its time
 * is over stays, and is said: an erasure that names it is honest, one that is silent about it is not. Gives how much waits for a hold.
 */
export async function searchObjects(parts: ObjectsSearchParts, tenantId: string, requestId: string, terms: readonly string[]): Promise<number> {
  const foldedTerms = terms.map(folded);
  let [looked, waiting] = [0, 0];
  for await (const key of evidenceKeys(parts, tenantId)) {
    looked += 1;
    if (looked % CLAIM_EVERY === 0) await parts.database.forTenant(tenantId, (tx) => tx.change(keepClaim, [tenantId, requestId]));
    if (!await isAbout(parts.objects, key, foldedTerms)) continue;
    const run = RUN.exec(key)?.[1];
    if (run !== undefined && await parts.database.forTenant(tenantId, (tx) => isRunHeld(tx, tenantId, run))) {
      waiting += 1;
      continue;
    }
    const finding = await removed(parts.objects, key);
    await parts.database.forTenant(tenantId, (tx) => insertFindings(tx, tenantId, requestId, [finding]));
  }
  return waiting;
}

/** Of before objects began with their tenant, too. */
async function* evidenceKeys({ database, objects }: ObjectsSearchParts, tenantId: string): AsyncIterable<string> {
  yield* await database.forTenant(tenantId, (tx) => strayEvidence(tx, tenantId));
  yield* objects.list(`t/${tenantId}/evidence/`);
}

async function isAbout(objects: Objects, key: string, foldedTerms: readonly string[]): Promise<boolean> {
  try {
    return textsOf(await objects.get(key)).some((text) => mentions(text, foldedTerms));
  } catch (error) {
    if (error instanceof ObjectsError && error.code === 'object_missing') return false;
    throw error;
  }
}

/** A package of a period holds the bundles of runs. */
function textsOf(bytes: Uint8Array): string[] {
  try {
    return [...decodeArchive(bytes).values()].flatMap(textsOf);
  } catch {
    return [textIn(bytes)];
  }
}

async function removed(objects: Objects, key: string): Promise<Finding> {
  try {
    await objects.remove(key);
    return { place: OBJECTS, row_id: key, action: 'removed' };
  } catch (error) {
    if (!(error instanceof ObjectsError) || error.retainedUntil === null) throw error;
    return { place: OBJECTS, row_id: key, action: 'retained', retained_until: error.retainedUntil.toISOString() };
  }
}
