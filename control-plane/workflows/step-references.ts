import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { MAP, WAIT } from '@countersign/contracts/workflow/definition.ts';
import { checkExpressions, conditionOf } from './expressions.ts';
import type { ReferenceScope } from './expressions.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import type { Path, YamlSource } from './yaml-source.ts';

/** Who waits for whom: of the steps of the workflow, and of the steps of each map among themselves. */
export interface References {
  /** Step id -> ids. What the steps of a map refer to outside of it, their map waits for. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Map id -> the same of its own steps. */
  readonly ofItems: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;
  readonly problems: readonly FieldProblem[];
}

/** Follows every reference and every `needs`, and says what leads nowhere. */
export function followReferences({ spec }: WorkflowDocument, source: YamlSource): References {
  const problems: FieldProblem[] = [];
  const needs = new Map<string, Set<string>>();
  const ofItems = new Map<string, Map<string, Set<string>>>();
  const outer = scopeOf(spec.steps);
  spec.steps.forEach((step, index) => {
    const path = ['spec', 'steps', index];
    const own = referencesOf(step, path, outer, source);
    needs.set(step.id, own.ids);
    problems.push(...own.problems);
    if (step.uses !== MAP) return;
    const inner = new Map<string, Set<string>>();
    const scope = scopeWithin(step.steps ?? [], outer);
    const ids = new Set((step.steps ?? []).map(({ id }) => id));
    (step.steps ?? []).forEach((nested, at) => {
      const found = referencesOf(nested, [...path, 'steps', at], scope, source);
      problems.push(...found.problems);
      inner.set(nested.id, new Set([...found.ids].filter((id) => ids.has(id))));
      for (const id of found.ids) if (!ids.has(id)) own.ids.add(id);
    });
    ofItems.set(step.id, inner);
  });
  problems.push(...checkExpressions(spec.outputs ?? {}, ['spec', 'outputs'], outer, source).problems);
  return { needs, ofItems, problems };
}

function scopeOf(steps: readonly StepDocument[]): ReferenceScope {
  return {
    steps: new Set(steps.map(({ id }) => id)), inItem: false,
    silent: new Set(steps.filter(({ uses }) => uses === WAIT).map(({ id }) => id)),
    ofItems: new Map(steps.flatMap((map) => (map.steps ?? []).map((nested) => [nested.id, map.id] as const))),
  };
}

/** The steps of a map see those around it, and those of their own item. */
function scopeWithin(steps: readonly StepDocument[], outer: ReferenceScope): ReferenceScope {
  const own = scopeOf(steps);
  return {
    steps: new Set([...outer.steps, ...own.steps]), inItem: true, silent: new Set([...outer.silent, ...own.silent]),
    ofItems: new Map([...outer.ofItems].filter(([id]) => !own.steps.has(id))),
  };
}

/** The steps that `step` waits for, named or referred to. */
function referencesOf(step: StepDocument, path: Path, scope: ReferenceScope, source: YamlSource): { ids: Set<string>; problems: FieldProblem[] } {
  const problems = (step.needs ?? []).flatMap((id, index) => (scope.steps.has(id) ? []
    : [source.problem([...path, 'needs', index], 'step_unknown', `There is no step "${id}". Steps here: ${[...scope.steps].join(', ')}.`)]));
  const parameters = checkExpressions(step.with ?? {}, [...path, 'with'], scope, source);
  const condition = checkExpressions(step.if ?? '', [...path, 'if'], scope, source);
  const key = checkExpressions(step.idempotency_key ?? '', [...path, 'idempotency_key'], scope, source);
  problems.push(...parameters.problems, ...condition.problems, ...key.problems);
  if (step.if !== undefined && condition.problems.length === 0 && conditionOf(step.if) === null) {
    problems.push(source.problem([...path, 'if'], 'condition_invalid', 'A condition is exactly one expression: ${{ ... }}.'));
  }
  return { ids: new Set([...(step.needs ?? []).filter((id) => scope.steps.has(id)), ...parameters.steps, ...condition.steps, ...key.steps]), problems };
}
