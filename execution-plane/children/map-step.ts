import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { DEFAULT_MAP_CONCURRENCY, MAX_ITEM_STEPS, MAX_ITEMS, MAX_MAP_CONCURRENCY } from '@countersign/contracts/workflow/definition.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { allOf, labelsAt, partsBelow } from '@countersign/platform/expressions/labels.ts';
import type { Labelled, PartLabels } from '@countersign/platform/expressions/labels.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import type { EndedItem } from '../engine/items.ts';
import type { ItemRules } from '../engine/run-graph.ts';
import { engineOf } from '../engine/versions.ts';
import { ExecutionError } from '../errors.ts';
import type { StepOutput } from '../steps/run-context.ts';
import type { TakenTurn } from '../steps/take-turn.ts';
import type { FlowParts } from './flow-parts.ts';
import { insertItems, readItemOutputs, readItemSteps } from './repository-items.ts';
import type { NewItem } from './repository-items.ts';

/** A turn with a map: plans its items; or, where they are planned, gathers what became of them. */
export async function takeMapTurn(parts: FlowParts, claimed: ClaimedStep, definition: StepDefinition, parameters: () => Labelled): Promise<TakenTurn> {
  const tenantId = claimed.facts.tenant.id;
  const steps = await parts.database.forTenant(tenantId, (tx) => readItemSteps(tx, tenantId, claimed.stepId));
  const [first] = steps;
  if (first === undefined) return plan(parts, claimed, definition, parameters());
  const end = engineOf(claimed.facts.engineVersion).endOfMap(steps, first.item_rules);
  if (end.kind === 'open') return { to: 'waiting', approvalId: null, holds: true };
  return end.kind === 'failed' ? { to: 'failed', error: end.error } : gather(parts, claimed, definition, end.items);
}

async function plan(parts: FlowParts, claimed: ClaimedStep, definition: StepDefinition, { value, labels }: Labelled): Promise<TakenTurn> {
  const { items, rules } = readParameters(definition, value as JsonObject);
  if (items.length === 0) return gathered([], { '/items': labelsAt(labels, ['items']) });
  const planned = Map.groupBy(engineOf(claimed.facts.engineVersion).planItems(definition, items.length, rules), ({ index }) => index);
  const rows = await Promise.all(items.map(async (item, index): Promise<NewItem> => {
    const own = belowItem(labels, index);
    return {
      content: await parts.contents.seal(claimed.facts.tenant.id, 'item', { item }, allOf(own), parts.clock.now()), parts: own,
      steps: (planned.get(index) ?? []).map((step) => ({ ...step, id: newId('step') })),
    };
  }));
  const { tenant, workspace, run } = claimed.facts;
  return {
    to: 'waiting', approvalId: null,
    alongside: (tx, at) => insertItems(tx, { tenantId: tenant.id, runId: run.id, stepId: claimed.stepId }, rules, rows, [{
      type: 'step.items_planned', tenant_id: tenant.id, workspace_id: workspace.id, run_id: run.id, actor: { kind: 'worker', id: parts.worker },
      subject: { kind: 'step', id: claimed.stepId }, data: { step_key: claimed.key, items: items.length, ...rules, steps: (definition.steps ?? []).map(({ id }) => id) },
    }], at),
  };
}

/** @throws ExecutionError `items_invalid`, `too_many_items` */
function readParameters(definition: StepDefinition, { items, concurrency = DEFAULT_MAP_CONCURRENCY, max_items = MAX_ITEMS }: JsonObject): { items: Json[]; rules: ItemRules } {
  if (!Array.isArray(items)) throw new ExecutionError('items_invalid', `"items" of ${definition.id} must give a list.`);
  if (!isWhole(concurrency, MAX_MAP_CONCURRENCY)) throw new ExecutionError('items_invalid', `"concurrency" of ${definition.id} must be a whole number from 1 to ${MAX_MAP_CONCURRENCY}.`);
  if (!isWhole(max_items, MAX_ITEMS)) throw new ExecutionError('items_invalid', `"max_items" of ${definition.id} must be a whole number from 1 to ${MAX_ITEMS}.`);
  if (items.length > max_items) throw new ExecutionError('too_many_items', `The list of ${definition.id} has ${items.length} items, and at most ${max_items} are allowed. None was begun. Shorten the list, or split the work into runs of its own.`);
  const steps = items.length * (definition.steps?.length ?? 0);
  if (steps > MAX_ITEM_STEPS) throw new ExecutionError('too_many_items', `The ${items.length} items of ${definition.id} are ${steps} steps, and at most ${MAX_ITEM_STEPS} are allowed. None was begun. Put their steps into a workflow of its own, and start that for each item.`);
  return { items, rules: { concurrency, on_item_failure: definition.on_item_failure ?? 'fail' } };
}

function isWhole(value: Json, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}

/** The labels of one element of the list: those of its own parts, or of the list where that came from one place. */
function belowItem(labels: PartLabels, index: number): PartLabels {
  const at = `/items/${index}`;
  const own = Object.entries(labels).filter(([pointer]) => pointer === at || pointer.startsWith(`${at}/`));
  return own.length === 0 ? { '': labelsAt(labels, ['items', index]) } : Object.fromEntries(own.map(([pointer, of]) => [pointer.slice(at.length), of]));
}

/** What an item gives is what its last step gave; nothing where that was skipped. */
async function gather(parts: FlowParts, claimed: ClaimedStep, definition: StepDefinition, items: readonly EndedItem[]): Promise<TakenTurn> {
  const tenantId = claimed.facts.tenant.id;
  const rows = await parts.database.forTenant(tenantId, (tx) => readItemOutputs(tx, tenantId, claimed.stepId, { step: definition.steps?.at(-1)?.id ?? '' }));
  const outputs = new Map<number, StepOutput>();
  for (const row of rows) {
    outputs.set(itemKeyOf(row.key)!.index, { output: await parts.contents.open<JsonObject>(tenantId, row.id, row.sealed), labels: row.labels as Label[], parts: row.part_labels });
  }
  const ended = items.map((item) => ({ ...item, given: item.state === 'succeeded' ? outputs.get(item.index) : undefined }));
  const labels = ended.map(({ given }, index) => (given === undefined ? {} : partsBelow(['items', index, 'output'], given.parts ?? { '': given.labels })));
  return gathered(ended.map(({ index, state, error, given }) => ({ index, state, output: given?.output ?? null, ...(error === null ? {} : { error: { ...error } }) })), Object.assign({}, ...labels) as PartLabels);
}

/** Which items there are, and which of them failed, the runtime itself has seen. */
function gathered(items: JsonObject[], labels: PartLabels): TakenTurn {
  const own = Object.fromEntries(items.flatMap(({ error }, index) => ['index', 'state', ...(error === undefined ? [] : ['error'])].map((name) => [`/items/${index}/${name}`, SEEN])));
  const all: PartLabels = { ...own, ...labels, '/failed': SEEN };
  return { to: 'succeeded', output: { items, failed: items.filter(({ state }) => state === 'failed').length }, labels: allOf(all), parts: all };
}

const SEEN: readonly Label[] = ['trusted_system'];
