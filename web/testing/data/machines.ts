import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface MachinesState {
  keys: Schemas['ApiKeyView'][];
  accounts: Schemas['ServiceAccount'][];
  clients: Schemas['OauthClient'][];
  federations: Schemas['Federation'][];
}

/** A build server that shows itself in every way, and a person's own key that was rotated. */
export function machinesState(): MachinesState {
  const ci = idOf('principal', 'ci');
  const owner = idOf('principal', 'owner');
  const made = { created_by: owner, created_at: at(-30 * DAY_MS), last_used_at: at(-60_000), workspace_id: idOf('workspace', 'it'), version: 1 };
  return {
    keys: [
      keyOf('reports', owner, 'person', ['runs:read', 'audit:read', 'audit:export', 'decisions:read']),
      { ...keyOf('reports before', owner, 'person', null), name: 'reports', replaced_by: idOf('api_key', 'reports'), expires_at: at(80_000_000) },
      keyOf('nightly', ci, 'service', ['workflows:publish']),
    ],
    accounts: [
      { id: ci, name: 'Build server', disabled: false, created_at: at(-30 * DAY_MS), roles: [{ workspace_id: idOf('workspace', 'it'), role: 'author' }], api_keys: 1, clients: 1, federations: 1 },
      { id: idOf('principal', 'old ci'), name: 'Build server before', disabled: true, created_at: at(-300 * DAY_MS), roles: [], api_keys: 0, clients: 0, federations: 0 },
    ],
    clients: [{ ...made, id: idOf('oauth_client', 'portal'), name: 'Service portal', principal_id: ci, scopes: ['runs:start', 'runs:read'], token_ttl_s: 900, disabled: false, previous_until: at(3_600_000), keys: [], assertion_client_id: `${idOf('tenant', 'acme')}.${idOf('oauth_client', 'portal')}` }],
    federations: [{
      ...made, id: idOf('federation', 'github'), name: 'GitHub Actions of acme/desk', issuer: 'https://token.actions.githubusercontent.com', audience: 'https://countersign.acme.example', principal_id: ci, scopes: ['workflows:publish'], token_ttl_s: 900, enabled: true,
      conditions: [{ claim: 'repository', equals: 'acme/desk' }, { claim: 'ref', glob: 'refs/tags/*' }],
    }],
  };
}

export function keyOf(name: string, principal_id: string, kind: 'person' | 'service', scopes: string[] | null): Schemas['ApiKeyView'] {
  const id = idOf('api_key', name);
  return { id, name, prefix: `cs_key_${id.slice(-4)}`, principal_id, kind, scopes, workspace_id: idOf('workspace', 'it'), created_at: at(-20 * DAY_MS), created_by: idOf('principal', 'owner'), expires_at: at(70 * DAY_MS), last_used_at: at(-120_000), replaced_by: null };
}
