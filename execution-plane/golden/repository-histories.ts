import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { History, HistoryEvent, HistoryStep } from './history.ts';
import type { ItemRules } from '../engine/run-graph.ts';

const steps: Statement = {
  name: 'golden.steps',
  text: `
    SELECT s.key, s.uses, s.needs, m.key AS map, s.item_rules
      FROM execution.steps s LEFT JOIN execution.steps m ON m.tenant_id = s.tenant_id AND m.id = s.map_step_id
     WHERE s.tenant_id = $1 AND s.run_id = $2 ORDER BY m.key IS NOT NULL, s.ordinal, s.item_index, s.key`,
};

/**
 * Every move of the run and its steps, in the order in which they were written; within one transaction what a person asked of the run comes
 * before what followed from it.
 */
const moves: Statement = {
  name: 'golden.moves',
  text: `
    SELECT e.type, e.body::jsonb->'data' AS data, r.engine_version FROM audit.events e JOIN execution.runs r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
     WHERE e.tenant_id = $1 AND e.run_id = $2 AND e.type IN ('step.state_changed', 'run.state_changed') 
     ORDER BY min(e.pending_no) OVER (PARTITION BY e.xmin::text), e.body::jsonb->'data'->>'to' = 'cancelling' DESC, e.pending_no`,
};

interface StepRow { readonly key: string; readonly uses: string; readonly needs: string[]; readonly map: string | null; readonly item_rules: ItemRules | null }
interface MoveRow { readonly type: string; readonly engine_version: number; readonly data: { step_key?: string; from: string; to: string; error_code?: string } }

/** What the database knows of a run, as a history. */
export async function readHistory(tx: Transaction, tenantId: string, runId: string, name: string): Promise<History> {
  const stepRows = await tx.rows<StepRow>(steps, [tenantId, runId]);
  const moveRows = await tx.rows<MoveRow>(moves, [tenantId, runId]);
  return { name, engine_version: moveRows[0]?.engine_version ?? 1, steps: stepRows.map(asStep), events: moveRows.map(asEvent) };
}

function asStep({ key, uses, needs, map, item_rules }: StepRow): HistoryStep {
  return { key, uses, needs, ...(map === null ? {} : { map }), ...(item_rules === null ? {} : { item_rules }) };
}

function asEvent({ type, data: { step_key, from, to, error_code } }: MoveRow): HistoryEvent {
  const error = error_code === undefined ? {} : { error: error_code };
  return (type === 'run.state_changed' ? { run: 'moved', from, to, ...error } : { step: step_key ?? '', from, to, ...error }) as HistoryEvent;
}
