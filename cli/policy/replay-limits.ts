import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { CliError } from '../errors.ts';

type Gate = components['schemas']['PolicyGateLimits'];
type Report = NonNullable<components['schemas']['PolicyReplay']['report']>;

/** null: no limit. */
export interface Limits {
  readonly max_changed_share: number | null;
  readonly max_newly_denied_runs: number | null;
  readonly max_extra_approval_minutes: number | null;
}

/** Those of the options; where there are none, those of the environment's gate, if it is shut. @throws CliError */
export function readLimits(options: { readonly maxChangedShare?: string; readonly maxNewlyDeniedRuns?: string; readonly maxExtraApprovalMinutes?: string }, gate: Gate): Limits {
  const given = {
    max_changed_share: read('--max-changed-share', options.maxChangedShare, 1),
    max_newly_denied_runs: read('--max-newly-denied-runs', options.maxNewlyDeniedRuns, 1_000_000_000),
    max_extra_approval_minutes: read('--max-extra-approval-minutes', options.maxExtraApprovalMinutes, 1_000_000_000),
  };
  if (Object.values(given).some((limit) => limit !== null) || !gate.enabled) return given;
  return { max_changed_share: gate.max_changed_share, max_newly_denied_runs: gate.max_newly_denied_runs, max_extra_approval_minutes: gate.max_extra_approval_minutes };
}

function read(option: string, text: string | undefined, highest: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= highest)) throw new CliError('input_invalid', `${option} takes a number from 0 to ${highest}, and not ${text}.`);
  return value;
}

/** Judged as the gate does: where the policy gives no decision the call is denied, so that it counts as changed, and as exceeded. */
export function exceededLimits(limits: Limits, { figures, not_replayed: { failed } }: Report): string[] {
  const decisions = figures.replayed + failed;
  const share = decisions === 0 ? 0 : (figures.changed + failed) / decisions;
  const extra = figures.extra_approvals === 0 ? 0 : figures.extra_person_minutes;
  const lines: Array<string | false> = [
    limits.max_changed_share !== null && share > limits.max_changed_share && `${percent(share)} of the decisions come out otherwise, ${percent(limits.max_changed_share)} are allowed.`,
    limits.max_newly_denied_runs !== null && figures.newly_denied_runs > limits.max_newly_denied_runs && `${figures.newly_denied_runs} runs would have been denied and were not, ${limits.max_newly_denied_runs} are allowed.`,
    limits.max_extra_approval_minutes !== null && (extra === null || extra > limits.max_extra_approval_minutes) && `${extra === null ? 'An unknown time' : `${extra.toFixed(1)} minutes`} for ${figures.extra_approvals} more approvals, ${limits.max_extra_approval_minutes} minutes are allowed.`,
    failed > 0 && `For ${failed} of the recorded calls the policy gives no decision: they would be denied.`,
  ];
  return lines.filter((line) => line !== false);
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`;
}
