import { ApiError } from '@countersign/platform/http/api-error.ts';
import { QUOTA_MEANING } from './quota-names.ts';
import type { CountedQuota, IntakeQuotaName } from './quota-names.ts';

/** What is refused, in words and as members: which quota, what it allows, what there is. */
export interface ExceededQuota {
  readonly name: CountedQuota | IntakeQuotaName;
  readonly limit: number;
  readonly used: number;
  /** Where waiting helps. */
  readonly retryAfter_s?: number;
}

const WHAT_HELPS: Readonly<Record<ExceededQuota['name'], string>> = {
  workspaces: 'Archive one, or ask for a higher quota.', principals: 'Disable one, or ask for a higher quota.', api_keys: 'Revoke one, or ask for a higher quota.',
  workflows: 'Ask for a higher quota.', runs_per_day: 'Wait until midnight UTC, or ask for a higher quota.', active_runs: 'Wait for one to end, or ask for a higher quota.',
  stored_bytes: 'Keep content for fewer days, or ask for a higher quota.',
};

export function quotaExceeded({ name, limit, used, retryAfter_s }: ExceededQuota): ApiError {
  return new ApiError('quota_exceeded', `The quota ${name} allows ${limit} (${QUOTA_MEANING[name]}), and there are ${used}. ${WHAT_HELPS[name]}`, {
    members: { policy: name, limit, used }, ...(retryAfter_s === undefined ? {} : { retryAfter_s }),
  });
}
