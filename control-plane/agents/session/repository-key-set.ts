import type { AgentKey } from '@countersign/contracts/agent/key-set.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

/** No key is ever taken out of the table, and none is un-revoked or un-retired: the number only grows. */
const SEQ = `SELECT (count(*) + count(revoked_at) + count(retired_at))::int AS seq FROM control.signing_keys WHERE tenant_id = $1 AND purpose = ANY ($2::text[])`;

/** Of the set that agents of a tenant are to hold. */
export const keySetSeq: Statement = { name: 'agents.key_set_seq', text: SEQ };

export interface AgentKeyRow extends Pick<AgentKey, 'kid' | 'purpose' | 'algorithm' | 'revoked'> {
  readonly public_jwk: Record<string, string>;
  readonly generation: number;
  /** Of the set that these keys are: read together with them. */
  readonly seq: number;
}

/** Those that have retired are left out: what they signed has expired. */
export const agentKeys: Statement = {
  name: 'agents.keys',
  text: `SELECT kid, purpose, algorithm, public_jwk, generation, revoked_at IS NOT NULL AS revoked, (${SEQ}) AS seq FROM control.signing_keys
          WHERE tenant_id = $1 AND purpose = ANY ($2::text[]) AND (retired_at IS NULL OR revoked_at IS NOT NULL) ORDER BY purpose, generation, kid`,
};
