import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT_MS } from '@countersign/contracts/workflow/definition.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import type { ActionChecks, Manifests } from './action-checks.ts';
import { actionTimeout, checkStepAction, checkTriggerAndModels } from './actions.ts';
import { checkExpressions, conditionOf } from './expressions.ts';
import { findCycle } from './graph.ts';
import { MODEL_STEP, unusedFiles, withFiles } from './model-step.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import { splitWorkflow } from './workflow-files.ts';
import { pathOf, YamlSource } from './yaml-source.ts';
import type { Path } from './yaml-source.ts';

export interface Compiler {
  /** `workflow.schema.json`. */
  readonly schema: object;
  readonly checks: SchemaChecks;
  readonly manifests: Manifests;
}

export type Compiled = { readonly definition: WorkflowDefinition } | { readonly problems: readonly FieldProblem[] };

/** Reads, checks and completes a workflow. Every problem comes with line, column and what to do about it; all of them are found at once. */
export function compileWorkflow(text: string, { schema, checks, manifests }: Compiler): Compiled {
  const parts = splitWorkflow(text);
  const source = new YamlSource(parts.workflow);
  const read = source.read();
  if ('problems' in read) return read;
  if (parts.problems.length > 0) return { problems: parts.problems };

  const shape = checks.check('workflow.schema.json', schema, read.value);
  if (shape.length > 0) return { problems: shape.map((problem) => located(problem, read.value, source)) };
  // The schema was checked right above.
  const document = read.value as WorkflowDocument;

  const given: ActionChecks = { manifests, checks, source, files: parts.files };
  const repeated = duplicateIds(document, source);
  const problems = [...checkTriggerAndModels(document, given), ...repeated];
  const stepIds = new Set(document.spec.steps.map((step) => step.id));
  const needs = new Map<string, Set<string>>();
  document.spec.steps.forEach((step, index) => {
    const path = ['spec', 'steps', index];
    problems.push(...checkStepAction(step, path, document, given), ...checkRetry(step, path, source));
    const waits = neededBy(step, path, stepIds, source);
    problems.push(...waits.problems);
    needs.set(step.id, waits.ids);
  });
  // With two steps of one name, who waits for whom cannot be told.
  if (repeated.length === 0) problems.push(...cycleProblems(document, needs, source));
  problems.push(...unusedFiles(document, parts.files));
  return problems.length > 0 ? { problems } : { definition: definitionOf(document, needs, given) };
}

function located(problem: FieldProblem, value: unknown, source: YamlSource): FieldProblem {
  return source.problem(pathOf(problem.field, value), problem.code, problem.message, { key: problem.code === 'unknown_field' });
}

function duplicateIds({ spec }: WorkflowDocument, source: YamlSource): FieldProblem[] {
  return spec.steps.flatMap((step, index) => (spec.steps.findIndex((other) => other.id === step.id) === index ? []
    : [source.problem(['spec', 'steps', index, 'id'], 'step_id_repeated', `The step id "${step.id}" is taken by an earlier step. Choose another.`)]));
}

function checkRetry({ retry }: StepDocument, path: Path, source: YamlSource): FieldProblem[] {
  const { initial_ms = DEFAULT_RETRY.initial_ms, max_ms } = retry ?? {};
  return max_ms !== undefined && initial_ms > max_ms ? [source.problem([...path, 'retry', 'max_ms'], 'retry_invalid', `max_ms must be at least initial_ms (${initial_ms}).`)] : [];
}

/** The steps that `step` waits for, named or referred to. */
function neededBy(step: StepDocument, path: Path, stepIds: ReadonlySet<string>, source: YamlSource): { ids: Set<string>; problems: FieldProblem[] } {
  const problems = (step.needs ?? []).flatMap((id, index) => (stepIds.has(id) ? []
    : [source.problem([...path, 'needs', index], 'step_unknown', `There is no step "${id}". Steps here: ${[...stepIds].join(', ')}.`)]));
  const parameters = checkExpressions(step.with ?? {}, [...path, 'with'], stepIds, source);
  const condition = checkExpressions(step.if ?? '', [...path, 'if'], stepIds, source);
  const key = checkExpressions(step.idempotency_key ?? '', [...path, 'idempotency_key'], stepIds, source);
  problems.push(...parameters.problems, ...condition.problems, ...key.problems);
  if (step.if !== undefined && condition.problems.length === 0 && conditionOf(step.if) === null) {
    problems.push(source.problem([...path, 'if'], 'condition_invalid', 'A condition is exactly one expression: ${{ ... }}.'));
  }
  return { ids: new Set([...(step.needs ?? []).filter((id) => stepIds.has(id)), ...parameters.steps, ...condition.steps, ...key.steps]), problems };
}

function cycleProblems({ spec }: WorkflowDocument, needs: ReadonlyMap<string, ReadonlySet<string>>, source: YamlSource): FieldProblem[] {
  const cycle = findCycle(needs);
  if (cycle === null) return [];
  const index = spec.steps.findIndex((step) => step.id === cycle[0]);
  return [source.problem(['spec', 'steps', index, 'id'], 'cycle', `Steps wait for one another: ${cycle.join(' -> ')}. Remove one of these references or needs.`)];
}

function definitionOf({ metadata, spec }: WorkflowDocument, needs: ReadonlyMap<string, ReadonlySet<string>>, given: ActionChecks): WorkflowDefinition {
  const files = [...given.files.values()].map(({ path, sha256, size_bytes }) => ({ path, sha256, size_bytes }));
  return {
    api_version: 'countersign.dev/v1',
    name: metadata.name,
    description: metadata.description ?? '',
    trigger: spec.trigger,
    ...(spec.autonomy === undefined ? {} : { autonomy: spec.autonomy }),
    models: Object.fromEntries(Object.entries(spec.models ?? {}).map(([name, model]) => [name, { use: model.use, fallback: model.fallback ?? [] }])),
    ...(files.length === 0 ? {} : { files }),
    steps: spec.steps.map((step) => stepOf(step, needs.get(step.id) ?? new Set(), given)),
  };
}

function stepOf(step: StepDocument, needs: ReadonlySet<string>, { manifests, files }: ActionChecks): StepDefinition {
  const retry = { ...DEFAULT_RETRY, ...step.retry };
  return {
    id: step.id,
    uses: step.uses,
    instance: step.instance ?? null,
    with: step.uses === MODEL_STEP ? withFiles(step.with ?? {}, files) : step.with ?? {},
    if: step.if === undefined ? null : conditionOf(step.if),
    ...(step.idempotency_key === undefined ? {} : { idempotency_key: step.idempotency_key }),
    needs: [...needs],
    retry: { ...retry, max_ms: Math.max(retry.max_ms, retry.initial_ms) },
    timeout_ms: step.timeout_ms ?? actionTimeout(step.uses, manifests) ?? DEFAULT_TIMEOUT_MS,
  };
}
