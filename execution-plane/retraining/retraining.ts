import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Tenants } from '../loops/tenants.ts';
import { findCandidates, insertTrainingDelivery, readApprovedSubjects } from './queries.ts';
import type { TrainingCandidate } from './queries.ts';

export interface RetrainingOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly worker: string;
  readonly onAsked: () => void;
}

const WORKFLOW = 'classifier-training';
/** Decisions by people after which the model learns again. */
const EVERY_DECISIONS = 25;
const MAX_APPROVED = 2_000;

/** Asks for training: for an instance, of any connector that one can learn from, without a model, and after every so many approved writes. Asking is a delivery, so it blocks nothing. */
export class Retraining {
  readonly #options: RetrainingOptions;

  constructor(options: RetrainingOptions) {
    this.#options = options;
  }

  async turn(): Promise<void> {
    const { database, tenants } = this.#options;
    const candidates = await database.forTenants(await tenants.ids(), (tx) => findCandidates(tx, WORKFLOW));
    for (const candidate of candidates.filter(needsTraining)) await this.#ask(candidate);
  }

  async #ask(candidate: TrainingCandidate): Promise<void> {
    const { database, clock, worker, onAsked } = this.#options;
    const id = newId('delivery');
    const now = clock.now();
    const asked = await database.forTenant(candidate.tenant_id, async (tx) => {
      const approved = await readApprovedSubjects(tx, candidate, MAX_APPROVED);
      const payload = { workflow: WORKFLOW, environment: candidate.environment, trigger: { source: `${candidate.connector}/${candidate.instance_name}`, approved } };
      const event = {
        type: 'delivery.accepted', tenant_id: candidate.tenant_id, workspace_id: candidate.workspace_id, run_id: null, actor: { kind: 'worker', id: worker },
        subject: { kind: 'delivery', id }, data: { source: 'manual', workflow: WORKFLOW, instance_id: candidate.instance_id, approved_count: approved.length },
      } as const;
      return insertTrainingDelivery(tx, candidate, id, dedupeKeyOf(candidate, now), payload, event, now);
    });
    if (asked) onAsked();
  }
}

/** No I/O. While a training is asked for or runs, no other one is; one that failed is asked for again after a while. */
export function needsTraining(candidate: TrainingCandidate): boolean {
  if (candidate.is_open || candidate.is_asked) return false;
  if (candidate.trained_at === null) return candidate.is_recent !== true;
  return candidate.consumed_count - (candidate.asked_count ?? 0) >= EVERY_DECISIONS;
}

/** Two workers that ask in the same minute ask once. */
function dedupeKeyOf(candidate: TrainingCandidate, now: Date): string {
  return `training:${Math.floor(now.getTime() / 60_000)}:${candidate.consumed_count}`;
}
