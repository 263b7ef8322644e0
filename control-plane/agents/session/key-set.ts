import { AGENT_KEY_PURPOSES, KEY_SET_FORMAT, KEY_SET_PAYLOAD } from '@countersign/contracts/agent/key-set.ts';
import type { AgentKeySet } from '@countersign/contracts/agent/key-set.ts';
import { envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { publishMissingKeys } from '../../keyring/signing-keys.ts';
import { agentKeys } from './repository-key-set.ts';
import type { AgentKeyRow } from './repository-key-set.ts';

/** The keys that agents of a tenant are to believe, signed by each of its keys for work orders that is not revoked: whoever holds one of them takes the set. */
export async function agentKeySet(tx: Transaction, keys: Keys, tenantId: string, now: Date): Promise<{ readonly seq: number; readonly envelope: DsseEnvelope }> {
  await publishMissingKeys(tx, keys, tenantId);
  const rows = await tx.rows<AgentKeyRow>(agentKeys, [tenantId, AGENT_KEY_PURPOSES]);
  const set: AgentKeySet = {
    format: KEY_SET_FORMAT, tenant_id: tenantId, seq: rows[0]?.seq ?? 0, issued_at: now.toISOString(),
    keys: rows.map(({ kid, purpose, algorithm, public_jwk, revoked }) => ({ kid, purpose, algorithm, jwk: public_jwk, revoked })),
  };
  const payload = canonicalBytes(set);
  const signers = rows.filter(({ purpose, revoked }) => purpose === 'work_order' && !revoked);
  const signatures = await Promise.all(signers.map(async ({ kid, generation }) => {
    const key = await keys.signingKey(tenantId, 'work_order', generation);
    return { keyid: kid, signature: await key.sign(preAuthEncoding(KEY_SET_PAYLOAD, payload)) };
  }));
  return { seq: set.seq, envelope: envelopeOf(KEY_SET_PAYLOAD, payload, signatures) };
}
