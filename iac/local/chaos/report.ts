import type { ChaosReport } from './run-chaos.ts';
import { holds } from './run-chaos.ts';

const FINDINGS_SHOWN = 20;

/** For people: what was done, what was found. */
export function asText(report: ChaosReport): string {
  const { options, struck, verdict } = report;
  const lines = [
    `seed ${options.seed}: ${options.runs} runs in ${Math.round(report.took_ms / 100) / 10} s`,
    `struck: ${struck.kills} kills (${struck.kills_between_effect_and_outcome} between effect and outcome), ${struck.pauses} pauses, ${struck.postgres_crashes} crashes of PostgreSQL`,
    `stale writes refused: ${report.stale_writes_refused}; workers that ended by themselves: ${struck.workers_ended_by_themselves}`,
    ...Object.entries(verdict.counts).map(([name, count]) => `${name.padEnd(28)} ${count}`),
    ...verdict.findings.slice(0, FINDINGS_SHOWN).map((finding) => `FOUND ${finding.check}: ${finding.what}`),
    ...(report.folder === null ? [] : [`kept in ${report.folder}`]),
    holds(report) ? 'holds' : 'DOES NOT HOLD',
  ];
  return `${lines.join('\n')}\n`;
}
