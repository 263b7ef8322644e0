import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { MAP, MAX_ITEMS, MAX_MAP_CONCURRENCY, MAX_WAIT_MS, TRANSFORM, WAIT, workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { ActionChecks } from './action-checks.ts';
import { hasExpression } from './expressions.ts';
import { checkStartedWorkflow } from './started-workflows.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** What the runtime itself does: none of them calls anything. */
export type OwnKind = 'wait' | 'transform' | 'map' | 'workflow';

export function ownKindOf(uses: string): OwnKind | null {
  if (uses === WAIT || uses === TRANSFORM || uses === MAP) return uses;
  return workflowStartedBy(uses) === null ? null : 'workflow';
}

/** Fields that say nothing about a kind of step, so that whoever wrote them meant something else. */
const MISPLACED: Readonly<Record<OwnKind | 'action' | 'model', ReadonlyArray<keyof StepDocument>>> = {
  wait: ['instance', 'placement', 'idempotency_key', 'timeout_ms', 'retry', 'steps', 'on_item_failure'],
  transform: ['instance', 'placement', 'idempotency_key', 'timeout_ms', 'retry', 'deadline_ms', 'steps', 'on_item_failure'],
  map: ['instance', 'placement', 'idempotency_key', 'timeout_ms'],
  workflow: ['instance', 'placement', 'idempotency_key', 'timeout_ms', 'steps', 'on_item_failure'],
  action: ['steps', 'on_item_failure'],
  model: ['placement'],
};

export function fieldProblems(step: StepDocument, path: Path, kind: OwnKind | 'action' | 'model', source: YamlSource): FieldProblem[] {
  return MISPLACED[kind].filter((field) => step[field] !== undefined)
    .map((field) => source.problem([...path, field], 'field_misplaced', `${step.uses} takes no "${field}"${HINTS[field] ?? ''}. Remove it.`, { key: true }));
}

const HINTS: Readonly<Partial<Record<keyof StepDocument, string>>> = { steps: ': only a map has steps of its own', on_item_failure: ': only a map has items', idempotency_key: ', because it changes nothing itself', placement: ': only actions of connectors are carried out by agents' };

/** What is wrong with the parameters of a step that the runtime does itself. */
export function checkOwnKind(step: StepDocument, path: Path, kind: OwnKind, document: WorkflowDocument, given: ActionChecks): FieldProblem[] {
  const { source } = given;
  switch (kind) {
    case 'wait': return checkWait(step, path, source);
    case 'transform': return Object.keys(step.with ?? {}).length > 0 ? [] : [source.problem([...path, 'with'], 'parameter_missing', 'What stands under "with" is what a transform gives: name at least one value.')];
    case 'map': return checkMap(step, path, source);
    default: return checkStartedWorkflow(step, path, document, given);
  }
}

function checkWait(step: StepDocument, path: Path, source: YamlSource): FieldProblem[] {
  const parameters = step.with ?? {};
  const problems = unknownParameters(step, path, ['for_ms', 'until'], source);
  const { for_ms, until } = parameters;
  if ((for_ms === undefined) === (until === undefined)) return [...problems, source.problem([...path, 'with'], 'parameter_missing', 'A wait takes either "for_ms" (milliseconds) or "until" (a moment, RFC 3339).')];
  if (for_ms !== undefined && !hasExpression(for_ms) && !isWhole(for_ms, 0, MAX_WAIT_MS)) problems.push(source.problem([...path, 'with', 'for_ms'], 'parameter_invalid', `"for_ms" is whole milliseconds from 0 to ${MAX_WAIT_MS} (a year).`));
  if (until !== undefined && !hasExpression(until) && !(typeof until === 'string' && MOMENT.test(until) && !Number.isNaN(Date.parse(until)))) {
    problems.push(source.problem([...path, 'with', 'until'], 'parameter_invalid', '"until" is a moment with its zone, such as "2027-01-31T08:00:00Z".'));
  }
  return problems;
}

const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

function checkMap(step: StepDocument, path: Path, source: YamlSource): FieldProblem[] {
  const parameters = step.with ?? {};
  const problems = unknownParameters(step, path, ['items', 'concurrency', 'max_items'], source);
  const { items } = parameters;
  if (items === undefined) problems.push(source.problem([...path, 'with'], 'parameter_missing', 'A map needs "items": a list, or an expression that gives one.'));
  else if (!Array.isArray(items) && !hasExpression(items)) problems.push(source.problem([...path, 'with', 'items'], 'parameter_invalid', '"items" is a list, or an expression that gives one.'));
  else if (Array.isArray(items) && items.length > MAX_ITEMS) problems.push(source.problem([...path, 'with', 'items'], 'parameter_invalid', `A map has at most ${MAX_ITEMS} items.`));
  for (const [name, most] of [['concurrency', MAX_MAP_CONCURRENCY], ['max_items', MAX_ITEMS]] as const) {
    const value = parameters[name];
    if (value !== undefined && !hasExpression(value) && !isWhole(value, 1, most)) problems.push(source.problem([...path, 'with', name], 'parameter_invalid', `"${name}" is a whole number from 1 to ${most}.`));
  }
  if (step.steps === undefined) problems.push(source.problem(path, 'steps_missing', 'A map needs "steps": what is done with each item.'));
  for (const [index, nested] of (step.steps ?? []).entries()) {
    if (nested.uses === MAP) problems.push(source.problem([...path, 'steps', index, 'uses'], 'map_nested', 'A map stands in no other map. Put the inner one into a workflow of its own, and start that here (workflow/<name>).'));
  }
  return problems;
}

function unknownParameters(step: StepDocument, path: Path, known: readonly string[], source: YamlSource): FieldProblem[] {
  return Object.keys(step.with ?? {}).filter((name) => !known.includes(name))
    .map((name) => source.problem([...path, 'with', name], 'parameter_unknown', `${step.uses} has no parameter "${name}". It has: ${known.join(', ')}.`, { key: true }));
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
