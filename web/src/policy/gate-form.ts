import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Limits = components['schemas']['PolicyGateLimits'];

/** A gate as people fill it in: percent and hours, and an empty field for no limit. */
export interface GateForm {
  enabled: boolean;
  minDecisions: string;
  maxChangedPercent: string;
  maxNewlyDeniedRuns: string;
  maxExtraMinutes: string;
  maxReplayAgeHours: string;
}

const HOUR_S = 3_600;

export function formOf(limits: Limits): GateForm {
  const text = (value: number | null, factor = 1): string => (value === null ? '' : String(Math.round(value * factor * 1_000) / 1_000));
  return {
    enabled: limits.enabled, minDecisions: text(limits.min_decisions), maxChangedPercent: text(limits.max_changed_share, 100), maxNewlyDeniedRuns: text(limits.max_newly_denied_runs),
    maxExtraMinutes: text(limits.max_extra_approval_minutes), maxReplayAgeHours: text(limits.max_replay_age_s, 1 / HOUR_S),
  };
}

/** The limits that a form says, or the fields that say none. */
export function limitsOf(form: GateForm): { limits: Limits } | { wrong: Array<keyof GateForm> } {
  const whole = (text: string): number | null => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null);
  const decimal = (text: string): number | null => (/^\d{1,9}(\.\d{1,3})?$/.test(text.trim()) ? Number(text) : null);
  const percent = decimal(form.maxChangedPercent);
  const hours = decimal(form.maxReplayAgeHours);
  const wrong = [
    ...(whole(form.minDecisions) === null ? ['minDecisions' as const] : []),
    ...(form.maxChangedPercent.trim() !== '' && (percent === null || percent > 100) ? ['maxChangedPercent' as const] : []),
    ...(form.maxNewlyDeniedRuns.trim() !== '' && whole(form.maxNewlyDeniedRuns) === null ? ['maxNewlyDeniedRuns' as const] : []),
    ...(form.maxExtraMinutes.trim() !== '' && decimal(form.maxExtraMinutes) === null ? ['maxExtraMinutes' as const] : []),
    ...(hours === null || hours * HOUR_S < 60 || hours > 8_760 ? ['maxReplayAgeHours' as const] : []),
  ];
  if (wrong.length > 0) return { wrong };
  return {
    limits: {
      enabled: form.enabled, min_decisions: whole(form.minDecisions) ?? 0, max_changed_share: percent === null ? null : percent / 100, max_newly_denied_runs: whole(form.maxNewlyDeniedRuns),
      max_extra_approval_minutes: decimal(form.maxExtraMinutes), max_replay_age_s: Math.round((hours ?? 0) * HOUR_S),
    },
  };
}

/** What a gate asks for, in a sentence. */
export function gateInWords(limits: Limits): string {
  if (!limits.enabled) return 'No gate: releases need no replay';
  const { maxChangedPercent, maxNewlyDeniedRuns, maxExtraMinutes } = formOf(limits);
  const parts = [
    `at least ${limits.min_decisions} decisions replayed`,
    ...(maxChangedPercent === '' ? [] : [`at most ${maxChangedPercent} % changed`]),
    ...(maxNewlyDeniedRuns === '' ? [] : [`at most ${maxNewlyDeniedRuns} runs denied`]),
    ...(maxExtraMinutes === '' ? [] : [`at most ${maxExtraMinutes} further person-minutes`]),
  ];
  return `Gate: ${parts.join(', ')}`;
}
