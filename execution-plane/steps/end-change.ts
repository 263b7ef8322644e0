import type { ClaimedStep } from '../dispatch/claim.ts';
import type { StepChange } from '../dispatch/repository-transitions.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { StepEnd } from '../engine/step-end.ts';

/** The end of a leased step's turn as a change of its row. */
export function changeFor(claimed: ClaimedStep, end: StepEnd, output: SealedContent | null): Omit<StepChange, 'tenant_id'> {
  const base = { id: claimed.stepId, from: 'leased', to: end.to, fence: claimed.fence, lease: 'held' } as const;
  switch (end.to) {
    case 'succeeded': return { ...base, output_labels: end.labels, ...(end.parts === undefined ? {} : { output_part_labels: end.parts }), ...(output === null ? {} : { output_content_id: output.id }) };
    case 'skipped': return base;
    // Waiting is not a failed attempt: the attempt is given back.
    case 'waiting': return {
      ...base, attempt: claimed.attempt - 1, ...(end.approvalId === null ? {} : { approval_id: end.approvalId }),
      ...(end.delayMs === undefined ? {} : { delay_ms: end.delayMs }), ...(end.wakeAt === undefined ? {} : { wake_at: end.wakeAt }),
    };
    case 'retrying':
    case 'uncertain': return { ...base, delay_ms: end.delayMs, error: end.error, ...(end.attemptGivenBack === true ? { attempt: claimed.attempt - 1 } : {}) };
    default: return { ...base, error: end.error, ...(end.approvalId === undefined ? {} : { approval_id: end.approvalId }) };
  }
}
