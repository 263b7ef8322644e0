import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { formatBytes } from '../format/money.ts';

type Schemas = components['schemas'];
type Quota = Schemas['Quota'];

const WORDS: Record<Schemas['QuotaName'], string> = {
  workspaces: 'Workspaces', principals: 'People and service accounts', api_keys: 'API keys', workflows: 'Workflows', runs_per_day: 'Runs in a day', active_runs: 'Runs at a time', stored_bytes: 'Bytes that are kept',
  requests_per_minute: 'Requests in a minute', requests_per_minute_per_key: 'Requests in a minute, of each key',
};

/** A number of what a quota limits, in words: bytes are told in larger units. */
export function amountOf(name: Schemas['QuotaName'], amount: number): string {
  return name === 'stored_bytes' ? formatBytes(amount) : amount.toLocaleString('en');
}

export function nameOfQuota(name: Schemas['QuotaName']): string {
  return WORDS[name];
}

/** Quotas are told apart by what they limit and where. */
export function keyOfQuota({ name, workspace_id }: Pick<Quota, 'name' | 'workspace_id'>): string {
  return `${name} ${workspace_id ?? ''}`;
}

/** What holds: the lower of what the tenant allows itself and what the cell allows it; null for no limit. */
export function holding({ max, ceiling }: Pick<Quota, 'max' | 'ceiling'>): number | null {
  const limits = [max, ceiling].filter((limit) => limit !== null);
  return limits.length === 0 ? null : Math.min(...limits);
}

/** All of the tenant's own limits, with one of them set; empty text takes it away. Setting replaces them all. */
export function wishWith(quotas: readonly Quota[], changed: Pick<Quota, 'name' | 'workspace_id'>, text: string): Schemas['NewLimits'] {
  const others = quotas.filter((quota) => quota.max !== null && keyOfQuota(quota) !== keyOfQuota(changed)).map(({ name, workspace_id, max }) => entry(name, workspace_id, max ?? 0));
  return { quotas: text.trim() === '' ? others : [...others, entry(changed.name, changed.workspace_id, Number(text))] };
}

export function wrongWith(text: string, ceiling: number | null): string | null {
  if (text.trim() === '') return null;
  if (!/^\d{1,15}$/.test(text.trim())) return 'Write a whole number, or nothing.';
  return ceiling !== null && Number(text) > ceiling ? `The cell allows at most ${ceiling.toLocaleString('en')}.` : null;
}

function entry(name: Schemas['QuotaName'], workspace_id: string | null, max: number): Schemas['NewLimits']['quotas'][number] {
  return { name, max, ...(workspace_id === null ? {} : { workspace_id }) };
}
