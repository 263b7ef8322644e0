import type { Label, TriggerManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { ExpressionContext } from '@countersign/platform/expressions/expression.ts';
import { union } from '@countersign/platform/expressions/labels.ts';
import type { ReferencePath } from '@countersign/platform/expressions/references.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Contents } from '../contents/contents.ts';
import { readRunContents } from '../dispatch/repository-runs.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';

/** What the expressions of a run may read, and where each part of it came from. Lives in the worker's memory while it holds the run. */
export class RunContext {
  readonly #facts: RunFacts;
  readonly #trigger: JsonObject;
  readonly #triggerManifest: TriggerManifest | undefined;
  /** Whether characters were hidden in the event. */
  readonly #triggerIsFlagged: boolean;
  readonly #outputs = new Map<string, { readonly output: JsonObject; readonly labels: readonly Label[] }>();

  constructor(facts: RunFacts, trigger: JsonObject, triggerManifest: TriggerManifest | undefined, triggerLabels: readonly string[] = []) {
    this.#facts = facts;
    this.#triggerIsFlagged = triggerLabels.includes('hidden_characters');
    this.#trigger = trigger;
    this.#triggerManifest = triggerManifest;
  }

  /** Reads and opens the trigger and the outputs of the steps that have succeeded. */
  static async load(database: Database, contents: Contents, facts: RunFacts, triggerManifest: TriggerManifest | undefined): Promise<RunContext> {
    const rows = await database.forTenant(facts.tenant.id, (tx) => readRunContents(tx, facts.tenant.id, facts.run.id));
    const trigger = rows.find((row) => row.step_key === null);
    const context = new RunContext(facts, trigger ? await contents.open<JsonObject>(facts.tenant.id, trigger.id, trigger.sealed) : {}, triggerManifest, trigger?.labels);
    for (const row of rows) {
      if (row.step_key !== null) context.addOutput(row.step_key, await contents.open<JsonObject>(facts.tenant.id, row.id, row.sealed), row.labels as Label[]);
    }
    return context;
  }

  addOutput(stepKey: string, output: JsonObject, labels: readonly Label[]): void {
    this.#outputs.set(stepKey, { output, labels });
  }

  /** False also where one of them was skipped and has none. */
  hasOutputsOf(stepKeys: readonly string[]): boolean {
    return stepKeys.every((key) => this.#outputs.has(key));
  }

  expressionContext(): ExpressionContext {
    const steps = Object.fromEntries([...this.#outputs].map(([key, { output }]) => [key, { output }]));
    return { trigger: this.#trigger, steps, run: { id: this.#facts.run.id, workflow: this.#facts.run.workflow } };
  }

  /** Where what stands at `path` came from. A path that names no single step has the labels of all. */
  labelsOf(path: ReferencePath): readonly Label[] {
    const [root, key] = path;
    if (root === 'run') return ['configuration'];
    if (root === 'trigger') return this.#triggerLabels(path.slice(1));
    const one = key === undefined ? undefined : this.#outputs.get(key);
    return one?.labels ?? union([...this.#outputs.values()].map(({ labels }) => labels));
  }

  /**
   * A signed event proves who sent it, not who typed its text: only the fields that the manifest names as ids of the subject are the
   * system's own. What a person or the runtime started by hand was given by somebody who may start runs.
   */
  #triggerLabels(path: ReferencePath): readonly Label[] {
    const flag: readonly Label[] = this.#triggerIsFlagged ? ['hidden_characters'] : [];
    if (this.#triggerManifest === undefined || this.#facts.triggerKind === 'manual') return ['trusted_system', ...flag];
    const { subject, subject_label, dedupe_key, operation } = this.#triggerManifest;
    const own = new Set([subject, subject_label, ...dedupe_key, operation.pointer]);
    return own.has(path.map((part) => `/${part}`).join('')) ? ['trusted_system'] : ['ticket_text', 'trusted_system', ...flag];
  }
}
