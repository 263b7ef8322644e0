/**
 * Who an agent is, as the only subject alternative name of its certificate (SPIFFE-ID, https://spiffe.io): the trust domain is the cell, the path
 * says what the agent is bound to. The path repeats nothing that can change.
 */
export interface AgentName {
  readonly cell: string;
  readonly tenant_id: string;
  readonly environment_id: string;
  readonly pool_id: string;
  readonly agent_id: string;
}

const ID = '[0-7][0-9a-hjkmnp-tv-z]{25}';
const SHAPE = new RegExp(`^spiffe://([a-z0-9-]{1,63})\\.countersign/tenant/(ten_${ID})/environment/(env_${ID})/pool/(apl_${ID})/agent/(agt_${ID})$`);

export function spiffeIdOf({ cell, tenant_id, environment_id, pool_id, agent_id }: AgentName): string {
  return `spiffe://${cell}.countersign/tenant/${tenant_id}/environment/${environment_id}/pool/${pool_id}/agent/${agent_id}`;
}

/** What a SPIFFE id names; null for every other spelling. */
export function readSpiffeId(uri: string): AgentName | null {
  const [, cell, tenant_id, environment_id, pool_id, agent_id] = SHAPE.exec(uri) ?? [];
  if (cell === undefined || tenant_id === undefined || environment_id === undefined || pool_id === undefined || agent_id === undefined) return null;
  return { cell, tenant_id, environment_id, pool_id, agent_id };
}
