import { hash } from 'node:crypto';
import type { EnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';

/** What of a token's secret is kept; hex. */
export function secretDigest({ secret }: Pick<EnrolmentToken, 'secret'>): string {
  return hash('sha256', secret, 'hex');
}
