import type { Sizes } from './repository-growth.ts';

export interface Side {
  readonly claims: number;
  readonly claim_p50_ms: number;
  readonly claim_p95_ms: number;
  readonly claim_p99_ms: number;
  /** Claimed and ended, one after the other. */
  readonly runs_per_s: number;
}

export interface GrowthFigures {
  readonly finished: number;
  readonly queued: number;
  readonly steps_per_finished_run: number;
  readonly planting_s: number;
  readonly size: Sizes;
  readonly empty: Side;
  readonly full: Side;
  /** The full database's figure over the empty one's: the median of what pairs of rounds gave. */
  readonly ratio: { readonly claim_p50: number; readonly runs_per_s: number };
  readonly whole_table_scans: readonly string[];
  readonly most_rows_read_by_a_node: number;
  readonly claim_plan: object;
}

/** Claims may take a fifth longer and a fifth fewer runs be done. */
const TOLERANCE = 0.2;

export function withinTolerance({ ratio, whole_table_scans }: GrowthFigures): boolean {
  return ratio.claim_p50 <= 1 + TOLERANCE && ratio.runs_per_s >= 1 - TOLERANCE && whole_table_scans.length === 0;
}

export function asText(figures: GrowthFigures): string {
  const row = (name: string, side: Side): string => `  ${name.padEnd(8)} claim p50 ${side.claim_p50_ms} ms, p95 ${side.claim_p95_ms} ms, p99 ${side.claim_p99_ms} ms; ${side.runs_per_s} runs/s`;
  return [
    `${figures.finished} finished runs of ${figures.steps_per_finished_run} steps and ${figures.queued} queued, planted in ${figures.planting_s} s`,
    row('empty', figures.empty), row('full', figures.full),
    `  full over empty: claim p50 ${figures.ratio.claim_p50}, runs/s ${figures.ratio.runs_per_s}`,
    `  a claim reads no more than ${figures.most_rows_read_by_a_node} rows in any step of its plan; whole tables: ${figures.whole_table_scans.join(', ') || 'none'}`,
    ...nodesOf(figures.claim_plan, 2), '',
  ].join('\n');
}

interface Node { readonly 'Node Type'?: string; readonly 'Index Name'?: string; readonly 'Relation Name'?: string; readonly 'Actual Rows'?: number; readonly 'Actual Loops'?: number; readonly Plans?: readonly Node[] }

function nodesOf(node: Node, depth: number): string[] {
  const on = node['Index Name'] ?? node['Relation Name'];
  return [`${' '.repeat(depth)}${node['Node Type']}${on === undefined ? '' : ` on ${on}`}: ${node['Actual Rows']} rows x ${node['Actual Loops']}`, ...(node.Plans ?? []).flatMap((child) => nodesOf(child, depth + 1))];
}
