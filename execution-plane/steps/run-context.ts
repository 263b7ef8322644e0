import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import type { Label, TriggerManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { ExpressionContext } from '@countersign/platform/expressions/expression.ts';
import { labelsAt, union } from '@countersign/platform/expressions/labels.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import type { ReferencePath } from '@countersign/platform/expressions/references.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Contents } from '../contents/contents.ts';
import { readRunContents } from '../dispatch/repository-runs.ts';
import type { RunContentRow, RunFacts } from '../dispatch/repository-runs.ts';

/** What a step gave, and where it came from; `parts` where that differs within it. */
export interface StepOutput {
  readonly output: JsonObject;
  readonly labels: readonly Label[];
  readonly parts?: PartLabels | null | undefined;
}

/** An item of a map, for its own steps. */
export interface ItemScope {
  readonly index: number;
  readonly value: Json;
  readonly parts: PartLabels;
  /** Of the item's own steps, by their ids. */
  readonly outputs: ReadonlyMap<string, StepOutput>;
}

/** What the expressions of a run may read, and where each part of it came from. Lives in the worker's memory while it holds the run. */
export class RunContext {
  readonly #facts: RunFacts;
  readonly #trigger: JsonObject;
  readonly #triggerManifest: TriggerManifest | undefined;
  /** Whether characters were hidden in the event. */
  readonly #triggerIsFlagged: boolean;
  /** Where a step of another run put the trigger together. */
  readonly #triggerParts: PartLabels | null;
  readonly #outputs = new Map<string, StepOutput>();
  #item: ItemScope | null = null;

  constructor(facts: RunFacts, trigger: JsonObject, triggerManifest: TriggerManifest | undefined, triggerLabels: readonly string[] = [], triggerParts: PartLabels | null = null) {
    this.#facts = facts;
    this.#triggerIsFlagged = triggerLabels.includes('hidden_characters');
    this.#trigger = trigger;
    this.#triggerManifest = triggerManifest;
    this.#triggerParts = triggerParts;
  }

  /** Reads and opens the trigger and the outputs of the steps that have succeeded. */
  static async load(database: Database, contents: Contents, facts: RunFacts, triggerManifest: TriggerManifest | undefined): Promise<RunContext> {
    return RunContext.of(contents, facts, triggerManifest, await database.forTenant(facts.tenant.id, (tx) => readRunContents(tx, facts.tenant.id, facts.run.id)));
  }

  /** Opens what was read already. */
  static async of(contents: Contents, facts: RunFacts, triggerManifest: TriggerManifest | undefined, rows: readonly RunContentRow[]): Promise<RunContext> {
    const trigger = rows.find((row) => row.step_key === null);
    const context = new RunContext(facts, trigger ? await contents.open<JsonObject>(facts.tenant.id, trigger.id, trigger.sealed) : {}, triggerManifest, trigger?.labels, trigger?.part_labels);
    for (const row of rows) {
      if (row.step_key !== null) context.addOutput(row.step_key, await contents.open<JsonObject>(facts.tenant.id, row.id, row.sealed), row.labels as Label[], row.part_labels);
    }
    return context;
  }

  /** What a step of an item gave is read from the database by those that need it, and by no others. */
  addOutput(stepKey: string, output: JsonObject, labels: readonly Label[], parts?: PartLabels | null): void {
    if (itemKeyOf(stepKey) === null) this.#outputs.set(stepKey, { output, labels, parts });
  }

  /** As the steps of this item see the run. */
  forItem(item: ItemScope): RunContext {
    const context = new RunContext(this.#facts, this.#trigger, this.#triggerManifest, this.#triggerIsFlagged ? ['hidden_characters'] : [], this.#triggerParts);
    for (const [key, given] of [...this.#outputs, ...item.outputs]) context.#outputs.set(key, given);
    context.#item = item;
    return context;
  }

  /** False also where one of them was skipped and has none. */
  hasOutputsOf(stepKeys: readonly string[]): boolean {
    return stepKeys.every((key) => this.#outputs.has(key));
  }

  expressionContext(): ExpressionContext {
    const steps = Object.fromEntries([...this.#outputs].map(([key, { output }]) => [key, { output }]));
    return { trigger: this.#trigger, steps, run: { id: this.#facts.run.id, workflow: this.#facts.run.workflow }, ...(this.#item === null ? {} : { item: this.#item }) };
  }

  /** Where what stands at `path` came from. A path that names no single step has the labels of all. */
  labelsOf(path: ReferencePath): readonly Label[] {
    const [root, key] = path;
    if (root === 'run' || root === 'index') return ['configuration'];
    if (root === 'item') return this.#item === null ? [] : labelsAt(this.#item.parts, path.slice(1));
    if (root === 'trigger') return this.#triggerLabels(path.slice(1));
    const one = key === undefined ? undefined : this.#outputs.get(key);
    if (one?.parts) return labelsAt(one.parts, path.slice(3));
    return one?.labels ?? union([...this.#outputs.values()].map(({ labels }) => labels));
  }

  /**
   * A signed event proves who sent it, not who typed its text: only the fields that the manifest names as ids of the subject are the
   * system's own. What a person or the runtime started by hand was given by somebody who may start runs.
   */
  #triggerLabels(path: ReferencePath): readonly Label[] {
    const flag: readonly Label[] = this.#triggerIsFlagged ? ['hidden_characters'] : [];
    if (this.#triggerParts !== null) return labelsAt(this.#triggerParts, path);
    if (this.#triggerManifest === undefined || this.#facts.triggerKind === 'manual') return ['trusted_system', ...flag];
    const { subject, subject_label, dedupe_key, operation } = this.#triggerManifest;
    const own = new Set([subject, subject_label, ...dedupe_key, operation.pointer]);
    return own.has(path.map((part) => `/${part}`).join('')) ? ['trusted_system'] : ['ticket_text', 'trusted_system', ...flag];
  }
}
