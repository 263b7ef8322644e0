import type { QuotaName } from './quota-names.ts';
import type { QuotaRow } from './repository-quotas.ts';

/** What holds where the operator has set nothing for a tenant. Absent: no limit. */
export type QuotaDefaults = Readonly<Partial<Record<QuotaName, number>>>;

/** What the operator lets a tenant have; null is no limit. */
export function ceilingOf(quotas: readonly QuotaRow[], defaults: QuotaDefaults, name: QuotaName): number | null {
  return quotas.find((row) => row.set_for === 'cell' && row.name === name)?.max_value ?? defaults[name] ?? null;
}

/** What the tenant allows itself as a whole, or one of its workspaces; null is no limit. */
export function ownLimitOf(quotas: readonly QuotaRow[], name: QuotaName, workspaceId = ''): number | null {
  return quotas.find((row) => row.set_for === 'tenant' && row.name === name && row.workspace_id === workspaceId)?.max_value ?? null;
}

/** What holds for the tenant as a whole: the lower of both. */
export function limitOf(quotas: readonly QuotaRow[], defaults: QuotaDefaults, name: QuotaName): number | null {
  const limits = [ceilingOf(quotas, defaults, name), ownLimitOf(quotas, name)].filter((limit) => limit !== null);
  return limits.length === 0 ? null : Math.min(...limits);
}
