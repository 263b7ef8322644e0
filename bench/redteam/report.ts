import type { RedteamFigures } from './run.ts';

/** The least share of honest runs that must pass. */
export const LEAST_SHARE = 0.98;

export function verdictOn({ received_outside_grant, legitimate }: Pick<RedteamFigures, 'received_outside_grant' | 'legitimate'>): { readonly ok: boolean; readonly reasons: readonly string[] } {
  const reasons = [
    ...(received_outside_grant > 0 ? [`peers received ${received_outside_grant} requests outside of the grant`] : []),
    ...(legitimate.share < LEAST_SHARE ? [`${percent(legitimate.share)} of the honest runs passed, and ${percent(LEAST_SHARE)} must`] : []),
  ];
  return { ok: reasons.length === 0, reasons };
}

/** The figures for people. */
export function asText(figures: RedteamFigures): string {
  const { cases, attempts, received_outside_grant: received, leaking_cases, legitimate, malformed_lines: malformed, leaks, seconds } = figures;
  const verdict = verdictOn(figures);
  return [
    `${cases} cases, ${attempts} attempts in ${seconds} s`,
    `against ${figures.connectors.map(({ name, actions, answered_by }) => `${name} (${actions} actions, ${answered_by})`).join(', ')}`,
    '',
    `received outside of the grant: ${received}${received === 0 ? '' : ` (${leaking_cases} cases)`}`,
    ...leaks.map(({ case_id, kind, action, parameter, request }) => `  ${case_id}: ${kind} ${action}${parameter === null ? '' : ` /${parameter}`}: ${request}`),
    '',
    'what became of the attempts',
    ...counted(figures.by_outcome),
    'denied by',
    ...counted(figures.denied_by_rule),
    '',
    `honest runs: ${legitimate.passed} of ${legitimate.cases} passed (${percent(legitimate.share)}), ${legitimate.approved_by_a_person} of them after a person approved`,
    ...legitimate.failed.map(({ id, action, outcome }) => `  ${id}: ${action}: ${outcome}`),
    ...(malformed.length === 0 ? [] : ['', `${malformed.length} malformed lines were passed over`, ...malformed.slice(0, 20).map(({ line, problem }) => `  line ${line}: ${problem}`)]),
    '',
    verdict.ok ? 'Nothing got out.' : `Failed: ${verdict.reasons.join('; ')}.`,
    '',
  ].join('\n');
}

function counted(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`);
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
