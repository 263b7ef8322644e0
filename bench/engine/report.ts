import type { Measured, StepKind } from './contender.ts';

export const CONTENDERS = ['countersign', 'dbos', 'graphile'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export interface LoadFigures {
  readonly in_flight: number;
  readonly contenders: Readonly<Partial<Record<ContenderName, Measured & { readonly commits_per_run: number }>>>;
  /** Single-row commits per second of the machine over 8 connections, just before. */
  readonly commit_rate_8: number;
  /** Runs per second of ours over those of the peer. Absent where the peer was not asked. */
  readonly ratio: { readonly dbos?: number; readonly graphile?: number };
  /** Our median over the peer's. */
  readonly p50_ratio: { readonly dbos?: number; readonly graphile?: number };
  /** Our steps per second over the commit rate. */
  readonly steps_per_commit_rate: number;
}

export interface EngineFigures {
  readonly kind: StepKind;
  readonly commit_rate: Readonly<Record<'1' | '8' | '32', number>>;
  readonly loads: readonly LoadFigures[];
}

export function asText(all: readonly EngineFigures[]): string {
  const lines: string[] = [];
  for (const { kind, commit_rate, loads } of all) {
    lines.push(`Five steps each, kind ${kind}. Commits per second of this machine: ${commit_rate['1']} on 1 connection, ${commit_rate['8']} on 8, ${commit_rate['32']} on 32.`);
    for (const load of loads) {
      lines.push(`${load.in_flight} in flight (${Math.round(load.commit_rate_8)} commits/s just before):`);
      for (const [name, figures] of Object.entries(load.contenders)) {
        lines.push(`  ${name.padEnd(12)} ${figures.runs_per_s} runs/s  p50 ${figures.p50_ms}  p95 ${figures.p95_ms}  p99 ${figures.p99_ms} ms  CPU ${figures.cpu_us_per_step} us/step  ${figures.commits_per_run} commits/run${figures.to_start_p50_ms === undefined ? '' : `  to start p50 ${figures.to_start_p50_ms}  p99 ${figures.to_start_p99_ms} ms`}`);
      }
      lines.push(`  over dbos ${load.ratio.dbos ?? '-'}x, over graphile ${load.ratio.graphile ?? '-'}x; p50 ${load.p50_ratio.dbos ?? '-'}x, ${load.p50_ratio.graphile ?? '-'}x; steps per commit rate ${load.steps_per_commit_rate}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
