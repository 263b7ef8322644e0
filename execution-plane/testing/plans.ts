import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Actual Loops'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Explained {
  /** Nodes that read a whole table of runs or steps. */
  readonly scans: readonly string[];
  /** The most rows that any node read, over all its loops, those included that its filter left out. */
  readonly mostRows: number;
  readonly plan: PlanNode;
}

/** The plan of `statement` as this pool runs it. It is really run, and what it does committed. */
export async function explained(database: Database, tenantIds: readonly string[], statement: Statement, values: readonly unknown[]): Promise<Explained> {
  const [row] = await database.forTenants(tenantIds, (tx) => tx.rows<{ 'QUERY PLAN': Array<{ Plan: PlanNode }> }>(sql(`explain.${statement.name}`, `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`), values));
  const plan = row!['QUERY PLAN'][0]!.Plan;
  const nodes = nodesOf(plan);
  const read = (node: PlanNode): number => ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1);
  return {
    scans: nodes.filter((node) => node['Node Type'] === 'Seq Scan' && ['runs', 'steps'].includes(node['Relation Name'] ?? '')).map((node) => `${node['Node Type']} on ${node['Relation Name']}`),
    mostRows: Math.max(...nodes.map(read)),
    plan,
  };
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
