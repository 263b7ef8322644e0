import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { ApprovalState } from '@countersign/contracts/states/transitions.ts';
import { freezeClocks, thawClocks } from './queries.ts';

/** An approval whose clock stood still, or went on. */
export interface SettledClock {
  readonly id: string;
  readonly workspace_id: string;
  readonly state: ApprovalState;
}

/**
 * Makes the clocks of the tenant's approvals stand exactly where a kill switch stops the run. Belongs into the transaction that sets or
 * releases one, and is done again by the recovery loop: an approval that is asked for at the same moment is missed by neither.
 */
export async function settleClocks(tx: Transaction, tenantId: string): Promise<SettledClock[]> {
  return [...await tx.rows<SettledClock>(freezeClocks, [tenantId]), ...await tx.rows<SettledClock>(thawClocks, [tenantId])];
}
