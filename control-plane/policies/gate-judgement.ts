import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { ReplayRow } from './repository-gates.ts';

type GateReport = components['schemas']['PolicyGateReport'];
type GateLimits = components['schemas']['PolicyGateLimits'];
type Figures = components['schemas']['PolicyReplayFigures'];

/** What is to be released. */
export interface Candidate {
  readonly environmentId: string;
  readonly stackDigest: string;
}

/**
 * Whether a replay lets a release through. A replay that says nothing about this release is no report: it is refused.
 * @throws ApiError `policy_replay_required`
 */
export function judge(limits: GateLimits, candidate: Candidate, replay: ReplayRow | undefined): GateReport {
  const figures = figuresOf(limits, candidate, replay);
  const exceeded = exceededLimits(limits, figures);
  return { passed: exceeded.length === 0, limits, figures, exceeded };
}

function figuresOf(limits: GateLimits, { environmentId, stackDigest }: Candidate, replay: ReplayRow | undefined): Figures {
  const why = replay === undefined ? 'Name a finished replay as `replay_id`.'
    : replay.stack_digest !== stackDigest ? `The replay is of ${replay.stack_digest}, and what would be released is ${stackDigest}: something has changed since.`
      : replay.environment_id !== environmentId ? 'The replay is of what was recorded in another environment.'
        : replay.state !== 'succeeded' || replay.figures === null ? `The replay is ${replay.state}.`
          : (replay.age_s ?? 0) > limits.max_replay_age_s ? `The replay ended ${Math.round(replay.age_s ?? 0)} s ago, and the gate takes those of the last ${limits.max_replay_age_s} s.`
            : null;
  if (why !== null || replay?.figures == null) throw new ApiError('policy_replay_required', `${why ?? ''} What would be released is ${stackDigest}.`);
  const { replayed, changed, changed_obligations, newly_denied_runs, extra_approvals, extra_person_minutes } = replay.figures;
  // Where the policy gives no decision the call is denied, which is a change however it was decided before.
  const failed = replay.failed ?? 0;
  return { decisions: replayed + failed, changed: changed + changed_obligations + failed, undecided: failed, newly_denied_runs, extra_approvals, extra_approval_minutes: extra_person_minutes };
}

function exceededLimits(limits: GateLimits, figures: Figures): FieldProblem[] {
  const share = figures.decisions === 0 ? 0 : figures.changed / figures.decisions;
  const minutes = figures.extra_approval_minutes;
  const found: Array<FieldProblem | null> = [
    figures.decisions < limits.min_decisions
      ? problem('min_decisions', `${figures.decisions} decisions were replayed, and the gate asks for ${limits.min_decisions}.`) : null,
    limits.max_changed_share !== null && share > limits.max_changed_share
      ? problem('max_changed_share', `${figures.changed} of ${figures.decisions} decisions come out otherwise (${percent(share)}), and the gate allows ${percent(limits.max_changed_share)}.`) : null,
    limits.max_newly_denied_runs !== null && figures.newly_denied_runs > limits.max_newly_denied_runs
      ? problem('max_newly_denied_runs', `${figures.newly_denied_runs} runs would have been denied and were not, and the gate allows ${limits.max_newly_denied_runs}.`) : null,
    limits.max_extra_approval_minutes !== null && (minutes === null || minutes > limits.max_extra_approval_minutes)
      ? problem('max_extra_approval_minutes', minutes === null
        ? `${figures.extra_approvals} more approvals are asked for, and how long people take is not known yet; the gate allows ${limits.max_extra_approval_minutes} minutes.`
        : `People would be asked for ${figures.extra_approvals} more approvals, ${round(minutes)} minutes, and the gate allows ${limits.max_extra_approval_minutes}.`) : null,
    figures.undecided > 0 ? problem('undecided', `For ${figures.undecided} of the recorded calls the policy gave no decision: they would be denied.`) : null,
  ];
  return found.filter((one) => one !== null);
}

function problem(limit: string, message: string): FieldProblem {
  return { field: `/${limit}`, code: 'exceeded', message };
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
