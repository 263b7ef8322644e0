import type { AttemptRow, EventRow, Evidence, StepRow } from '../evidence.ts';
import type { Finding } from '../verdict.ts';
import { groupBy } from './lost.ts';

/**
 * Nobody wrote a step without holding it. Told twice over, by tables that are written apart: leases follow each other without overlapping,
 * numbered without a gap; and in the audit each move of a step begins where the one before it ended, and whoever moves a held step is its
 * holder, but for as many times as a lease ran out and was taken away.
 */
export function findStaleWrites({ steps, attempts, events }: Evidence): Finding[] {
  const leasesOf = groupBy(attempts, (attempt) => attempt.step_id);
  const movesOf = groupBy(events.filter((event) => event.type === 'step.state_changed').sort((a, b) => a.pending_no - b.pending_no).map(readMove), (move) => move.step);
  return steps.flatMap((step) => {
    const leases = (leasesOf.get(step.id) ?? []).sort((a, b) => a.fence - b.fence);
    return [...leasesInOrder(step, leases), ...movesInOrder(step, movesOf.get(step.id) ?? [], leases)].map((what): Finding => ({ check: 'stale_write', what: `${step.key} (${step.id}): ${what}` }));
  });
}

function leasesInOrder(step: StepRow, leases: readonly AttemptRow[]): string[] {
  const found = leases.length === step.fence ? [] : [`its fence is ${step.fence}, and it has ${leases.length} leases.`];
  leases.forEach((lease, i) => {
    if (lease.fence !== i + 1) found.push(`lease ${i + 1} has the fence ${lease.fence}.`);
    const before = leases[i - 1];
    if (before !== undefined && (before.finished_at_ms ?? Infinity) > lease.started_at_ms) found.push(`fence ${lease.fence} began before fence ${before.fence} had ended.`);
  });
  return found;
}

interface Move { readonly step: string; readonly from: string; readonly to: string; readonly actor: string }

function readMove(event: EventRow): Move {
  const body = JSON.parse(event.body) as { actor: { id: string }; subject: { id: string }; data: { from: string; to: string } };
  return { step: body.subject.id, from: body.data.from, to: body.data.to, actor: body.actor.id };
}

function movesInOrder(step: StepRow, moves: readonly Move[], leases: readonly AttemptRow[]): string[] {
  const found: string[] = [];
  let held = 0;
  let taken = 0;
  moves.forEach((move, i) => {
    const before = moves[i - 1];
    if (before !== undefined && before.to !== move.from) found.push(`the audit moves it from ${move.from} although it was ${before.to}.`);
    if (move.from === 'leased' && leases[held - 1]?.worker !== move.actor) taken += 1;
    if (move.to === 'leased') {
      held += 1;
      if (leases[held - 1]?.worker !== move.actor) found.push(`the audit says that ${move.actor} claimed it under fence ${held}, the lease is of ${leases[held - 1]?.worker ?? 'nobody'}.`);
    }
  });
  const last = moves.at(-1);
  if (last !== undefined && last.to !== step.state) found.push(`it is ${step.state}, and the audit says ${last.to}.`);
  if (held !== leases.length) found.push(`the audit has ${held} claims, and there are ${leases.length} leases.`);
  const expired = leases.filter((lease) => lease.state === 'expired').length;
  if (taken > expired) found.push(`${taken} moves were made by others than its holder, and only ${expired} leases ran out.`);
  return found;
}
