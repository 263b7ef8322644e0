import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { limitOf } from './effective-quota.ts';
import { quotaExceeded } from './quota-exceeded.ts';
import type { CountedQuota } from './quota-names.ts';
import { lockQuotas, readQuotas, readUsage } from './repository-quotas.ts';

/** The cell has no limits of its own for what is counted here. */
const NO_DEFAULTS = {};

/**
 * Called in the transaction that makes one more, before it does. Where there is a quota, everybody who would make one waits for the other.
 *
 * @throws ApiError `quota_exceeded`, whose members `policy`, `limit` and `used` say which and how many
 */
export async function refuseOverQuota(tx: Transaction, tenantId: string, name: CountedQuota): Promise<void> {
  if (limitOf(await readQuotas(tx, tenantId), NO_DEFAULTS, name) === null) return;
  await lockQuotas(tx, tenantId);
  const limit = limitOf(await readQuotas(tx, tenantId), NO_DEFAULTS, name);
  const used = (await readUsage(tx, tenantId))[name];
  if (limit === null || used < limit) return;
  throw quotaExceeded({ name, limit, used });
}
