import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { DEFAULT_RETRY } from '@countersign/contracts/workflow/definition.ts';
import type { CallRequest } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import { hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import { cleanText } from '@countersign/platform/text-safety/clean-text.ts';
import { MODEL_STEP, modelsOf, resolveCall, resolveModelCall } from '@countersign/execution-plane/steps/resolve-call.ts';
import { RunContext } from '@countersign/execution-plane/steps/run-context.ts';
import { COMPROMISED_USE } from './compromised-model.ts';
import type { Peer } from './peers.ts';

/** What a call needs besides who makes it. */
export type ResolvedCall = Pick<CallRequest, 'action' | 'instanceName' | 'parameters' | 'labels' | 'model'>;

/**
 * A run in the middle: its trigger is the system's own, the ticket has been read, the model has answered. Steps are resolved by the
 * engine's own code, so that their labels are those of a real run.
 */
export class Situation {
  readonly #peers: readonly Peer[];
  readonly #context: RunContext;
  readonly #facts: ConstructorParameters<typeof RunContext>[0];

  constructor(peers: readonly Peer[], ticketText: string) {
    this.#peers = peers;
    this.#facts = factsOf(peers);
    this.#context = new RunContext(this.#facts, {}, undefined);
    // As the gateway lets it in: cleaned, and flagged where characters were hidden.
    const { text, hidden } = cleanText(ticketText);
    this.#context.addOutput('ticket', { text }, hasHidden(hidden) ? ['hidden_characters', 'ticket_text'] : ['ticket_text']);
  }

  /** The step that asks the model, as `model/generate` of the workflow. */
  modelCall(): ResolvedCall {
    return this.resolve('model/generate', { model: 'triage', input: '${{ steps.ticket.output.text }}' });
  }

  /** What a step of this run gave back. */
  add(key: string, output: JsonObject, labels: readonly Label[]): void {
    this.#context.addOutput(key, output, labels);
  }

  /** The call that a step `uses` makes, `given` with its templates. @throws ExpressionError, ExecutionError as in a run */
  resolve(uses: string, given: JsonObject): ResolvedCall {
    const step = stepOf(uses, given);
    const labelled = this.#evaluated(given);
    if (uses !== MODEL_STEP) return resolveCall(step, this.#facts, labelled);
    const [use = ''] = modelsOf(step, this.#facts, labelled);
    return resolveModelCall(step, this.#facts, labelled, use, { takes: this.#takenBy(use), routed: false });
  }

  /** A call whose parameters are one expression: the model chose all of it. @throws ExpressionError */
  resolveWhole(action: string, expression: string, model: CallRequest['model']): ResolvedCall {
    const { value, labels } = this.#evaluated(expression);
    return { action, instanceName: null, parameters: value as JsonObject, labels, model };
  }

  /** The parameters that a model's action declares; null for the compromised one, which takes anything. */
  #takenBy(use: string): readonly string[] | null {
    const schema = this.#peers.find(({ connector }) => use.startsWith(`${connector.manifest.name}/`))?.connector.manifest.actions['generate']?.parameters;
    return schema === undefined ? null : Object.keys((schema['properties'] ?? {}) as object);
  }

  #evaluated(given: unknown): ReturnType<typeof evaluateWithLabels> {
    return evaluateWithLabels(given, this.#context.expressionContext(), (path) => this.#context.labelsOf(path));
  }
}

function factsOf(peers: readonly Peer[]): ConstructorParameters<typeof RunContext>[0] {
  const uses = Object.fromEntries([['triage', COMPROMISED_USE], ...peers.flatMap(({ connector, modelUse }) => (modelUse === null ? [] : [[connector.manifest.name, modelUse]]))]) as Record<string, string>;
  const models = Object.fromEntries(Object.entries(uses).map(([name, use]) => [name, { use, fallback: [] }]));
  const definition: WorkflowDefinition = { api_version: 'countersign.dev/v1', name: 'redteam', description: 'A run under attack', trigger: 'manual', models, steps: [] };
  return {
    tenant: { id: 'ten_1', slug: 'demo' }, workspace: { id: 'wsp_1', slug: 'service-desk' }, environment: { id: 'env_1', name: 'prod' },
    run: { id: 'run_1', workflow: 'redteam', workflowVersion: 1, workflowDigest: `sha256:${'c'.repeat(64)}` },
    definition, pins: { models: Object.fromEntries(Object.entries(uses).map(([name, use]) => [name, { use }])), trigger: null }, engineVersion: 1, triggerKind: 'webhook', triggerContentId: null, subject: null,
  };
}

function stepOf(uses: string, given: JsonObject): StepDefinition {
  return { id: 'attacked', uses, instance: null, with: given, if: null, needs: [], retry: DEFAULT_RETRY, timeout_ms: 60_000 };
}
