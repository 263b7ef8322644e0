import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import type { ItemScope } from '../steps/run-context.ts';
import type { Flows, TakenTurn } from '../steps/take-turn.ts';
import type { FlowParts } from './flow-parts.ts';
import { takeMapTurn } from './map-step.ts';
import { readItem, readItemOutputs } from './repository-items.ts';
import { takeWorkflowTurn } from './workflow-step.ts';

/** Maps and sub-workflows on Postgres. */
export class PostgresFlows implements Flows {
  readonly #parts: FlowParts;
  readonly childEnded: () => void;

  constructor(parts: FlowParts, onChildEnded: () => void) {
    this.#parts = parts;
    this.childEnded = onChildEnded;
  }

  async itemOf(claimed: ClaimedStep): Promise<ItemScope> {
    const { database, contents } = this.#parts;
    const tenantId = claimed.facts.tenant.id;
    const { item, rows } = await database.forTenant(tenantId, async (tx) => {
      const item = await readItem(tx, tenantId, claimed.stepId);
      return { item, rows: await readItemOutputs(tx, tenantId, item.map_step_id, { index: item.item_index }) };
    });
    const { item: value } = await contents.open<{ item: Json }>(tenantId, item.id, item.sealed);
    const outputs = await Promise.all(rows.map(async (row) => [
      itemKeyOf(row.key)!.step, { output: await contents.open<JsonObject>(tenantId, row.id, row.sealed), labels: row.labels as Label[], parts: row.part_labels },
    ] as const));
    return { index: item.item_index, value, parts: item.part_labels, outputs: new Map(outputs) };
  }

  map(claimed: ClaimedStep, definition: StepDefinition, parameters: () => Labelled): Promise<TakenTurn> {
    return takeMapTurn(this.#parts, claimed, definition, parameters);
  }

  startWorkflow(claimed: ClaimedStep, name: string, parameters: () => Labelled): Promise<TakenTurn> {
    return takeWorkflowTurn(this.#parts, claimed, name, parameters);
  }
}
