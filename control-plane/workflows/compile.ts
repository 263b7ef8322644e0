import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT_MS } from '@countersign/contracts/workflow/definition.ts';
import type { Placement, StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import type { ActionChecks, KnownWorkflows, Manifests } from './action-checks.ts';
import { actionTimeout, checkStepAction, checkTriggerAndModels } from './actions.ts';
import { conditionOf } from './expressions.ts';
import { findCycle } from './graph.ts';
import { checkScheduleAndLimits, limitsOf, triggerOf } from './limits.ts';
import { MODEL_STEP, unusedFiles, withFiles } from './model-step.ts';
import { checkPlacement, placementOf } from './placement.ts';
import { followReferences } from './step-references.ts';
import type { References } from './step-references.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import { splitWorkflow } from './workflow-files.ts';
import { pathOf, YamlSource } from './yaml-source.ts';
import type { Path } from './yaml-source.ts';

export interface Compiler {
  /** `workflow.schema.json`. */
  readonly schema: object;
  readonly checks: SchemaChecks;
  readonly manifests: Manifests;
  /** Absent: nobody knows which there are. */
  readonly workflows?: KnownWorkflows;
  /** Absent: nobody knows which there are. */
  readonly pools?: ReadonlySet<string>;
}

export type Compiled = { readonly definition: WorkflowDefinition } | { readonly problems: readonly FieldProblem[] };

/** Reads, checks and completes a workflow. Every problem comes with line, column and what to do about it; all of them are found at once. */
export function compileWorkflow(text: string, { schema, checks, manifests, workflows, pools }: Compiler): Compiled {
  const parts = splitWorkflow(text);
  const source = new YamlSource(parts.workflow);
  const read = source.read();
  if ('problems' in read) return read;
  if (parts.problems.length > 0) return { problems: parts.problems };

  const shape = checks.check('workflow.schema.json', schema, read.value);
  if (shape.length > 0) return { problems: shape.map((problem) => located(problem, read.value, source)) };
  // The schema was checked right above.
  const document = read.value as WorkflowDocument;

  const given: ActionChecks = { manifests, checks, source, workflows: workflows ?? null, pools: pools ?? null, files: parts.files };
  const repeated = duplicateIds(document, source);
  const problems = [...checkTriggerAndModels(document, given), ...checkScheduleAndLimits(document, source), ...checkPlacement(document.spec.placement, ['spec', 'placement'], given), ...repeated];
  for (const [step, path] of stepsWithPaths(document)) problems.push(...checkStepAction(step, path, document, given), ...checkPlacement(step.placement, [...path, 'placement'], given), ...checkRetry(step, path, source));
  const references = followReferences(document, source);
  problems.push(...references.problems);
  // With two steps of one name, who waits for whom cannot be told.
  if (repeated.length === 0) problems.push(...cycleProblems(document, references, source));
  problems.push(...unusedFiles(document, parts.files));
  return problems.length > 0 ? { problems } : { definition: definitionOf(document, references, given) };
}

function located(problem: FieldProblem, value: unknown, source: YamlSource): FieldProblem {
  const message = problem.code === 'pattern' && problem.field.endsWith('/uses') ? USES : problem.message;
  return source.problem(pathOf(problem.field, value), problem.code, message, { key: problem.code === 'unknown_field' });
}

const USES = 'A step uses <connector>/<action>, model/generate, wait, transform, map, or workflow/<name>.';

/** Every step with its place; those of a map after it. */
function stepsWithPaths({ spec }: WorkflowDocument): Array<readonly [StepDocument, Path]> {
  return spec.steps.flatMap((step, index) => [[step, ['spec', 'steps', index]] as const, ...(step.steps ?? []).map((nested, at) => [nested, ['spec', 'steps', index, 'steps', at]] as const)]);
}

/** Steps of items are no exception: expressions name both in the same way. */
function duplicateIds(document: WorkflowDocument, source: YamlSource): FieldProblem[] {
  const all = stepsWithPaths(document);
  return all.flatMap(([step, path], index) => (all.findIndex(([other]) => other.id === step.id) === index ? []
    : [source.problem([...path, 'id'], 'step_id_repeated', `The step id "${step.id}" is taken by an earlier step. Choose another.`)]));
}

function checkRetry({ retry }: StepDocument, path: Path, source: YamlSource): FieldProblem[] {
  const { initial_ms = DEFAULT_RETRY.initial_ms, max_ms } = retry ?? {};
  return max_ms !== undefined && initial_ms > max_ms ? [source.problem([...path, 'retry', 'max_ms'], 'retry_invalid', `max_ms must be at least initial_ms (${initial_ms}).`)] : [];
}

function cycleProblems(document: WorkflowDocument, { needs, ofItems }: References, source: YamlSource): FieldProblem[] {
  return [needs, ...ofItems.values()].flatMap((graph) => {
    const cycle = findCycle(graph);
    if (cycle === null) return [];
    const [, path] = stepsWithPaths(document).find(([step]) => step.id === cycle[0])!;
    return [source.problem([...path, 'id'], 'cycle', `Steps wait for one another: ${cycle.join(' -> ')}. Remove one of these references or needs.`)];
  });
}

function definitionOf({ metadata, spec }: WorkflowDocument, references: References, given: ActionChecks): WorkflowDefinition {
  const files = [...given.files.values()].map(({ path, sha256, size_bytes }) => ({ path, sha256, size_bytes }));
  return {
    api_version: 'countersign.dev/v1',
    name: metadata.name,
    description: metadata.description ?? '',
    trigger: triggerOf(spec),
    ...limitsOf(spec),
    ...(spec.autonomy === undefined ? {} : { autonomy: spec.autonomy }),
    models: Object.fromEntries(Object.entries(spec.models ?? {}).map(([name, model]) => [name, { use: model.use, fallback: model.fallback ?? [] }])),
    ...(files.length === 0 ? {} : { files }),
    ...(spec.deadline_ms === undefined ? {} : { deadline_ms: spec.deadline_ms }),
    ...(spec.outputs === undefined ? {} : { outputs: spec.outputs }),
    steps: spec.steps.map((step) => stepOf(step, references.needs, references, given, spec.placement)),
  };
}

function stepOf(step: StepDocument, needs: References['needs'], { ofItems }: References, given: ActionChecks, placement: Placement | undefined): StepDefinition {
  const retry = { ...DEFAULT_RETRY, ...step.retry };
  const timeout = step.timeout_ms ?? actionTimeout(step.uses, given.manifests) ?? DEFAULT_TIMEOUT_MS;
  const own = ofItems.get(step.id);
  return {
    id: step.id,
    uses: step.uses,
    instance: step.instance ?? null,
    ...placementOf(step, placement),
    with: step.uses === MODEL_STEP ? withFiles(step.with ?? {}, given.files) : step.with ?? {},
    if: step.if === undefined ? null : conditionOf(step.if),
    ...(step.idempotency_key === undefined ? {} : { idempotency_key: step.idempotency_key }),
    needs: [...needs.get(step.id) ?? []],
    retry: { ...retry, max_ms: Math.max(retry.max_ms, retry.initial_ms) },
    // No attempt outlives what all of them together may take.
    timeout_ms: Math.min(timeout, step.deadline_ms ?? timeout),
    ...(step.deadline_ms === undefined ? {} : { deadline_ms: step.deadline_ms }),
    ...(own === undefined ? {} : { steps: (step.steps ?? []).map((nested) => stepOf(nested, own, { needs: own, ofItems: new Map(), problems: [] }, given, placement)), on_item_failure: step.on_item_failure ?? 'fail' }),
  };
}
