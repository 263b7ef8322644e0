import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;

export interface TenancyState {
  workspaces: Schemas['Workspace'][];
  limits: Schemas['Limits'];
  version: number;
}

/** Two workspaces, a limit that is nearly reached, and one of a workspace's own. */
export function tenancyState(): TenancyState {
  const quota = (name: Schemas['QuotaName'], max: number | null, ceiling: number | null, used: number | null): Schemas['Quota'] => ({ name, workspace_id: null, max, ceiling, used });
  return {
    workspaces: [workspaceOf('it', 'it-operations', 'IT operations', true), workspaceOf('hr', 'hr', 'HR service', false)],
    limits: {
      set_by: idOf('principal', 'owner'), set_at: new Date(Date.now() - DAY_MS).toISOString(),
      quotas: [
        quota('workspaces', null, 20, 2), quota('principals', null, 1_000, 12), quota('api_keys', 20, 500, 19), quota('workflows', null, null, 2), quota('runs_per_day', null, 100_000, 312), quota('active_runs', null, null, 5),
        quota('requests_per_minute', null, 6_000, null), quota('requests_per_minute_per_key', 300, 600, null), { ...quota('active_runs', 50, null, 5), workspace_id: idOf('workspace', 'hr') },
      ],
    },
    version: 3,
  };
}

export function workspaceOf(key: string, slug: string, name: string, is_home: boolean): Schemas['Workspace'] {
  return { id: idOf('workspace', key), slug, name, is_home, environments: ENVIRONMENTS.map((environment) => ({ id: idOf('environment', `${key} ${environment}`), name: environment })), created_at: new Date(Date.now() - 90 * DAY_MS).toISOString(), archived_at: null };
}
