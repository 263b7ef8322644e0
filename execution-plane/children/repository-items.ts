import type { StepState } from '@countersign/contracts/states/transitions.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { contentStep, contentValues } from '../contents/contents.ts';
import type { SealedContent } from '../contents/contents.ts';
import { jsonb } from '../contents/jsonb.ts';
import type { PlannedItemStep } from '../engine/items.ts';
import type { ItemRules } from '../engine/run-graph.ts';

const planItems: Statement = {
  name: 'items.plan',
  text: `
    WITH ruled AS (
      UPDATE execution.steps SET item_rules = $4 WHERE tenant_id = $1 AND id = $3
    ), planned AS (
      INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, needs, state, max_attempts, deadline_ms, map_step_id, item_index, input_content_id, input_part_labels)
      SELECT $1, p.id, $2, p.key, p.place + (SELECT max(ordinal) FROM execution.steps WHERE tenant_id = $1 AND run_id = $2),
             p.uses, p.needs, p.state, p.max_attempts, p.deadline_ms, $3, p.item_index, p.input_content_id, p.input_part_labels
        FROM jsonb_to_recordset($5::jsonb) AS p(id text, place int, key text, uses text, needs text[], state text, max_attempts int, deadline_ms bigint,
               item_index int, input_content_id text, input_part_labels jsonb)
    ), ${contentStep(6)}, ${auditStep(14)}
    SELECT count(*) AS events FROM audited`,
};

/** One item with its steps. */
export interface NewItem {
  readonly content: SealedContent;
  readonly parts: PartLabels;
  readonly steps: ReadonlyArray<PlannedItemStep & { readonly id: string }>;
}

/** The rows of all steps of all items; belongs into the transaction that lets their map wait. */
export async function insertItems(tx: Transaction, map: { tenantId: string; runId: string; stepId: string }, rules: ItemRules, items: readonly NewItem[], events: readonly NewAuditEvent[], at: Date): Promise<void> {
  const rows = items.flatMap(({ content, parts, steps }) => steps.map((step) => ({
    id: step.id, key: step.key, uses: step.uses, needs: step.needs, state: step.state, max_attempts: step.maxAttempts, deadline_ms: step.deadlineMs,
    item_index: step.index, input_content_id: content.id, input_part_labels: parts,
  })));
  await tx.rows(planItems, [
    map.tenantId, map.runId, map.stepId, JSON.stringify(rules), jsonb(rows.map((row, place) => ({ ...row, place: place + 1 }))),
    ...contentValues(items.map(({ content }) => content)), ...auditValues(events, at),
  ]);
}

const stepsOfMap: Statement = {
  name: 'items.steps',
  text: `
    SELECT i.key, i.state, i.error, m.item_rules
      FROM execution.steps m JOIN execution.steps i ON i.tenant_id = m.tenant_id AND i.map_step_id = m.id
     WHERE m.tenant_id = $1 AND m.id = $2 ORDER BY i.ordinal`,
};

export interface ItemStepRow { readonly key: string; readonly state: StepState; readonly error: { code: string; message: string } | null; readonly item_rules: ItemRules }

/** None where the map has not begun. */
export function readItemSteps(tx: Transaction, tenantId: string, mapStepId: string): Promise<ItemStepRow[]> {
  return tx.rows<ItemStepRow>(stepsOfMap, [tenantId, mapStepId]);
}

const outputsOfMap: Statement = {
  name: 'items.outputs',
  text: `
    SELECT s.key, c.id, c.sealed, s.output_labels AS labels, s.output_part_labels AS part_labels
      FROM execution.steps s JOIN execution.contents c ON c.tenant_id = s.tenant_id AND c.id = s.output_content_id
     WHERE s.tenant_id = $1 AND s.map_step_id = $2 AND s.state = 'succeeded'
       AND ($3::int IS NULL OR s.item_index = $3) AND ($4::text IS NULL OR split_part(s.key, '.', 2) = $4)`,
};

export interface ItemOutputRow { readonly key: string; readonly id: string; readonly sealed: Buffer | null; readonly labels: string[]; readonly part_labels: PartLabels | null }

/** What steps of items gave: of one item, or of the step with one id in all of them. */
export function readItemOutputs(tx: Transaction, tenantId: string, mapStepId: string, of: { index: number } | { step: string }): Promise<ItemOutputRow[]> {
  return tx.rows<ItemOutputRow>(outputsOfMap, [tenantId, mapStepId, 'index' in of ? of.index : null, 'step' in of ? of.step : null]);
}

const itemOfStep: Statement = {
  name: 'items.of_step',
  text: `
    SELECT s.map_step_id, s.item_index, s.input_part_labels AS part_labels, c.id, c.sealed
      FROM execution.steps s JOIN execution.contents c ON c.tenant_id = s.tenant_id AND c.id = s.input_content_id
     WHERE s.tenant_id = $1 AND s.id = $2`,
};

export interface ItemRow { readonly map_step_id: string; readonly item_index: number; readonly part_labels: PartLabels; readonly id: string; readonly sealed: Buffer | null }

export function readItem(tx: Transaction, tenantId: string, stepId: string): Promise<ItemRow> {
  return tx.one<ItemRow>(itemOfStep, [tenantId, stepId]);
}
