import type { EffectLine, Evidence, RunRow } from '../evidence.ts';
import type { Finding } from '../verdict.ts';

/** Every effect that the run of one event owes its record. */
const OWED = ['record.update', 'note.put'] as const;

/** Whatever was acknowledged has exactly one run, which succeeded, and its effects are in the peer's journal. */
export function findLost({ accepted, deliveries, runs, effects }: Evidence): Finding[] {
  const runsOf = groupBy(runs, (run) => run.subject ?? '');
  const effectsOf = groupBy(effects.filter((effect) => effect.became === 'applied'), (effect) => effect.record);
  const delivered = new Set(deliveries.map((delivery) => delivery.subject));
  return accepted.flatMap(({ record }) => {
    const found = runsOf.get(record) ?? [];
    if (!delivered.has(record)) return [lost(`The event of ${record} was acknowledged, and its delivery is gone.`)];
    if (found.length !== 1) return [lost(`The event of ${record} has ${found.length} runs instead of one.`)];
    return [...unsuccessful(found[0] as RunRow), ...missing(record, effectsOf.get(record) ?? [])];
  });
}

function unsuccessful(run: RunRow): Finding[] {
  // What has not ended is stuck and told there.
  return run.state === 'failed' || run.state === 'cancelled' ? [lost(`The run ${run.id} of ${run.subject} ended as ${run.state} (${run.error?.code ?? 'no error'}), and nothing that was done to the cell is a reason.`)] : [];
}

function missing(record: string, effects: readonly EffectLine[]): Finding[] {
  return OWED.filter((action) => !effects.some((effect) => effect.action === action)).map((action) => lost(`${record} never got its ${action}.`));
}

function lost(what: string): Finding {
  return { check: 'lost', what };
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
