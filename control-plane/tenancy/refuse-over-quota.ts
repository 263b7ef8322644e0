import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { limitOf } from './effective-quota.ts';
import { QUOTA_MEANING } from './quota-names.ts';
import type { CountedQuota } from './quota-names.ts';
import { lockQuotas, readQuotas, readUsage } from './repository-quotas.ts';

/** The cell has no limits of its own for what is counted here. */
const NO_DEFAULTS = {};

/**
 * Called in the transaction that makes one more, before it does. Where there is a quota, everybody who would make one waits for the other.
 *
 * @throws ApiError `quota_exceeded`
 */
export async function refuseOverQuota(tx: Transaction, tenantId: string, name: CountedQuota): Promise<void> {
  if (limitOf(await readQuotas(tx, tenantId), NO_DEFAULTS, name) === null) return;
  await lockQuotas(tx, tenantId);
  const limit = limitOf(await readQuotas(tx, tenantId), NO_DEFAULTS, name);
  const used = (await readUsage(tx, tenantId))[name];
  if (limit === null || used < limit) return;
  throw new ApiError('quota_exceeded', `The tenant may have ${limit} ${QUOTA_MEANING[name]} and has ${used}. Remove one, or ask for a higher quota.`, { members: { policy: name } });
}
