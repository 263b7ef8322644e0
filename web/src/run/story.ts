import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];
type Run = Schemas['Run'];
type Attempt = Schemas['Step']['attempts'][number];

/** One thing that happened in a step, at one moment. */
export type StoryEntry =
  | { kind: 'attempt'; at: string; attempt: Attempt }
  | { kind: 'child'; at: string; child: Schemas['ChildRun'] }
  | { kind: 'decision'; at: string; decision: Schemas['Decision'] }
  | { kind: 'approval'; at: string; approval: Schemas['Approval'] }
  | { kind: 'vote'; at: string; vote: Schemas['Vote'] }
  | { kind: 'call'; at: string; call: Schemas['ToolCall']; costs: Schemas['CostLine'][] };

export interface StepStory {
  step: Schemas['Step'];
  entries: StoryEntry[];
}

/** When two things carry the same millisecond: what must have come first. */
const ORDER: Record<StoryEntry['kind'], number> = { attempt: 0, child: 1, decision: 2, approval: 3, vote: 4, call: 5 };

/** The run as a story: its steps in the order they ran (then as they are written), each with what happened in it, in order of time. */
export function tellStory(run: Pick<Run, 'steps' | 'decisions' | 'calls' | 'approvals' | 'costs' | 'children'>): StepStory[] {
  return orderSteps(run.steps).map((step) => ({
    step,
    entries: [...attempts(step), ...children(run, step), ...decisions(run, step), ...approvals(run, step), ...calls(run, step)]
      .map((entry) => ({ entry, place_ms: placeOf(entry, run) }))
      .sort((one, other) => one.place_ms - other.place_ms || ORDER[one.entry.kind] - ORDER[other.entry.kind])
      .map(({ entry }) => entry),
  }));
}

function orderSteps(steps: readonly Schemas['Step'][]): Schemas['Step'][] {
  const begun = (step: Schemas['Step']): number => (step.started_at === null ? Infinity : Date.parse(step.started_at));
  // Sorting is stable, so steps that have not begun stay as the workflow has them.
  return [...steps].sort((one, other) => (begun(one) === begun(other) ? 0 : begun(one) - begun(other)));
}

/**
 * Where an entry belongs in time. A worker and the database stamp by clocks of their own, milliseconds apart; a call never comes
 * before the decision that allowed it, nor a request before the decision that asked for a person.
 */
function placeOf(entry: StoryEntry, { decisions: all }: Pick<Run, 'decisions'>): number {
  const causes = entry.kind === 'call' ? all.filter(({ id }) => id === entry.call.decision_id)
    : entry.kind === 'approval' ? all.filter(({ outcome, action_digest }) => outcome === 'REQUIRE_HITL' && action_digest === entry.approval.action_digest)
    : [];
  const first = causes[0];
  return first === undefined ? Date.parse(entry.at) : Math.max(Date.parse(entry.at), Date.parse(first.decided_at));
}

function attempts({ attempts: all }: Schemas['Step']): StoryEntry[] {
  return all.map((attempt) => ({ kind: 'attempt', at: attempt.started_at, attempt }));
}

function children({ children: all = [] }: Pick<Run, 'children'>, { key }: Schemas['Step']): StoryEntry[] {
  return all.filter(({ step_key }) => step_key === key).map((child) => ({ kind: 'child', at: child.created_at, child }));
}

function decisions({ decisions: all }: Pick<Run, 'decisions'>, { id }: Schemas['Step']): StoryEntry[] {
  return all.filter(({ step_id }) => step_id === id).map((decision) => ({ kind: 'decision', at: decision.decided_at, decision }));
}

function approvals({ approvals: all }: Pick<Run, 'approvals'>, { key }: Schemas['Step']): StoryEntry[] {
  return all.filter(({ step_key }) => step_key === key).flatMap((approval): StoryEntry[] => [
    { kind: 'approval', at: approval.requested_at, approval },
    ...approval.votes.map((vote): StoryEntry => ({ kind: 'vote', at: vote.voted_at, vote })),
  ]);
}

function calls({ calls: all, costs }: Pick<Run, 'calls' | 'costs'>, { id }: Schemas['Step']): StoryEntry[] {
  return all.filter(({ step_id }) => step_id === id)
    .map((call) => ({ kind: 'call', at: call.intended_at, call, costs: costs.filter(({ call_id }) => call_id === call.id) }));
}

/** The parts of a write's receipt that people look at. A receipt is the connector's, so each part may be missing. */
export interface ReceiptView {
  versionBefore: string | null;
  versionAfter: string | null;
  fieldsWritten: string[];
  verifiedByReadingBack: boolean | null;
}

export function readReceipt(receipt: Record<string, unknown> | null): ReceiptView | null {
  if (receipt === null) return null;
  const text = (name: string): string | null => (typeof receipt[name] === 'string' ? receipt[name] : null);
  const fields = receipt['fields_written'];
  const verified = receipt['verified_by_reading_back'];
  return {
    versionBefore: text('version_before'),
    versionAfter: text('version_after'),
    fieldsWritten: Array.isArray(fields) ? fields.filter((field) => typeof field === 'string') : [],
    verifiedByReadingBack: typeof verified === 'boolean' ? verified : null,
  };
}
