import type { components } from '@countersign/contracts/openapi/api.generated.ts';

export type QuotaName = components['schemas']['QuotaName'];

/** Of these there are so many at a time, and whoever would make one more is refused. */
export type CountedQuota = Extract<QuotaName, 'workspaces' | 'principals' | 'api_keys' | 'workflows'>;

/** Of these there may be so many, and so much, when something comes in that starts runs. */
export type IntakeQuotaName = Extract<QuotaName, 'runs_per_day' | 'active_runs' | 'stored_bytes'>;

/** As one reads it: what is counted, in which unit. */
export const QUOTA_MEANING: Readonly<Record<QuotaName, string>> = {
  workspaces: 'workspaces that are not archived', principals: 'people and services that are not disabled', api_keys: 'API keys in force', workflows: 'workflows',
  runs_per_day: 'runs since midnight UTC', active_runs: 'runs that have not ended', stored_bytes: 'bytes of content, evidence and packages of evidence',
  requests_per_minute: 'requests of the API in a minute',
  requests_per_minute_per_key: 'requests of the API in a minute by one key, token or session',
};

/** What a workspace may be limited in of its own. */
export const WORKSPACE_QUOTAS: readonly QuotaName[] = ['runs_per_day', 'active_runs', 'requests_per_minute'];
