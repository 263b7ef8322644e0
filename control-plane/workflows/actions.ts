import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import { canBePinned } from '@countersign/contracts/workflow/model-pin.ts';
import { hasExpression } from './expressions.ts';
import type { ActionChecks, Manifests } from './action-checks.ts';
import { checkModelStep, MODEL_STEP } from './model-step.ts';
import { checkOwnKind, fieldProblems, ownKindOf } from './own-kinds.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** What is wrong with the action of a step and with its parameters. */
export function checkStepAction(step: StepDocument, path: Path, document: WorkflowDocument, given: ActionChecks): FieldProblem[] {
  const kind = ownKindOf(step.uses);
  if (kind !== null) return [...fieldProblems(step, path, kind, given.source), ...checkOwnKind(step, path, kind, document, given)];
  if (step.uses === MODEL_STEP) return [...fieldProblems(step, path, 'model', given.source), ...checkKey(step, path, 'model', given.source), ...checkModelStep(step, path, document, given)];
  const { source } = given;
  const misplaced = fieldProblems(step, path, 'action', source);
  if (misplaced.length > 0) return misplaced;
  const [connector = '', name = ''] = split(step.uses);
  const published = given.manifests.get(connector);
  if (published === undefined) return [source.problem([...path, 'uses'], 'connector_unknown', `There is no published connector "${connector}". Published: ${listed(given.manifests.keys())}.`)];
  const action = Object.hasOwn(published.manifest.actions, name) ? published.manifest.actions[name] : undefined;
  if (action === undefined) {
    return [source.problem([...path, 'uses'], 'action_unknown', `${connector} ${published.manifest.version} has no action "${name}". It has: ${listed(Object.keys(published.manifest.actions))}.`)];
  }
  return [...checkKey(step, path, action.risk, source), ...checkParameters(step, path, action, `${published.digest}/${name}`, given)];
}

/** Only effects have keys: a key of a read would promise something that nobody keeps. */
function checkKey(step: StepDocument, path: Path, risk: ActionManifest['risk'], source: YamlSource): FieldProblem[] {
  if (step.idempotency_key === undefined || risk === 'write' || risk === 'destructive') return [];
  return [source.problem([...path, 'idempotency_key'], 'idempotency_key_invalid', `${step.uses} changes nothing, so it takes no idempotency_key. Remove it.`, { key: true })];
}

/** How long an action may take when the workflow does not say. */
export function actionTimeout(uses: string, manifests: Manifests): number | undefined {
  const [connector = '', name = ''] = split(uses);
  return manifests.get(connector)?.manifest.actions[name]?.timeout_ms;
}

/** What is wrong with the trigger and with the models. */
export function checkTriggerAndModels({ spec }: WorkflowDocument, { manifests, source }: ActionChecks): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (typeof spec.trigger === 'object' && 'connector' in spec.trigger) {
    const { connector, event } = spec.trigger;
    const manifest = manifests.get(connector)?.manifest;
    const events = Object.keys(manifest?.triggers ?? {});
    if (manifest === undefined) problems.push(source.problem(['spec', 'trigger', 'connector'], 'connector_unknown', `There is no published connector "${connector}". Published: ${listed(manifests.keys())}.`));
    else if (!events.includes(event)) problems.push(source.problem(['spec', 'trigger', 'event'], 'event_unknown', `${connector} ${manifest.version} has no event "${event}". It has: ${listed(events)}.`));
  }
  for (const [name, model] of Object.entries(spec.models ?? {})) {
    const uses: Array<[Path, string]> = [[['spec', 'models', name, 'use'], model.use], ...(model.fallback ?? []).map((one, i): [Path, string] => [['spec', 'models', name, 'fallback', i], one])];
    for (const [path, use] of uses) {
      const [connector = ''] = split(use);
      if (!canBePinned(use)) problems.push(source.problem(path, 'model_not_pinned', `"${use}" is a name whose meaning changes, so policy denies it. Name a snapshot, or a version that stays.`));
      if (!manifests.has(connector)) problems.push(source.problem(path, 'connector_unknown', `There is no published connector "${connector}" to serve this model. Published: ${listed(manifests.keys())}.`));
    }
  }
  return problems;
}

function checkParameters(step: StepDocument, path: Path, action: ActionManifest, key: string, { checks, source }: ActionChecks): FieldProblem[] {
  const schema = action.parameters;
  const known = (schema['properties'] ?? {}) as Record<string, object>;
  const given = step.with ?? {};
  const problems: FieldProblem[] = [];
  for (const name of (schema['required'] ?? []) as string[]) {
    if (!Object.hasOwn(given, name)) problems.push(source.problem([...path, 'with'], 'parameter_missing', `${step.uses} needs the parameter "${name}".`));
  }
  for (const [name, value] of Object.entries(given)) {
    const at = [...path, 'with', name];
    if (!Object.hasOwn(known, name)) {
      if (schema['additionalProperties'] === false) problems.push(source.problem(at, 'parameter_unknown', `${step.uses} has no parameter "${name}". It has: ${listed(Object.keys(known))}.`, { key: true }));
    } else if (!hasExpression(value)) {
      const one = { $defs: schema['$defs'] ?? {}, type: 'object', properties: { [name]: known[name] } };
      problems.push(...checks.check(`${key}/${name}`, one, { [name]: value }).map((problem) => source.problem(at, 'parameter_invalid', `"${name}": ${problem.message}`)));
    }
  }
  return problems;
}

function split(uses: string): string[] {
  const at = uses.indexOf('/');
  return [uses.slice(0, at), uses.slice(at + 1)];
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}
