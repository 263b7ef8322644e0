import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { parseTemplate } from '@countersign/platform/expressions/template.ts';
import type { ReferencePath } from '@countersign/platform/expressions/references.ts';
import type { Path, YamlSource } from './yaml-source.ts';

export const RUN_FIELDS: readonly string[] = ['id', 'workflow'];

export interface FoundExpressions {
  /** Ids of the steps that are referred to. */
  readonly steps: ReadonlySet<string>;
  readonly problems: readonly FieldProblem[];
}

/** What an expression may refer to where it stands. */
export interface ReferenceScope {
  readonly steps: ReadonlySet<string>;
  /** Steps among them that give nothing. */
  readonly silent: ReadonlySet<string>;
  /** Steps of items that cannot be seen from here -> their map. */
  readonly ofItems: ReadonlyMap<string, string>;
  /** `item` and `index` are known. */
  readonly inItem: boolean;
}

/** Checks every expression in `value` and what it refers to. */
export function checkExpressions(value: unknown, path: Path, scope: ReferenceScope, source: YamlSource): FoundExpressions {
  const steps = new Set<string>();
  const problems: FieldProblem[] = [];
  for (const [at, text] of stringsIn(value, path)) {
    try {
      for (const reference of parseTemplate(text).references) {
        const problem = referenceProblem(reference, scope);
        if (problem !== null) problems.push(source.problem(at, problem.code, problem.message, { expression: reference.join('.') }));
        else if (reference[0] === 'steps' && reference[1] !== undefined) steps.add(reference[1]);
      }
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problems.push(source.problem(at, error.code, error.message, { expression: error.expression, position: error.position }));
    }
  }
  return { steps, problems };
}

/** The CEL of a condition, which must be exactly one `${{ }}`; null when it is something else or cannot be read. */
export function conditionOf(text: string): string | null {
  try {
    const { parts } = parseTemplate(text.trim());
    const [only] = parts;
    return parts.length === 1 && only !== undefined && typeof only !== 'string' ? only.source : null;
  } catch {
    return null;
  }
}

/** Whether any text in `value` holds an expression, so that its value is known only in a run. */
export function hasExpression(value: unknown): boolean {
  return stringsIn(value, []).some(([, text]) => text.includes('${{'));
}

function referenceProblem(reference: ReferencePath, { steps, silent, ofItems, inItem }: ReferenceScope): { code: string; message: string } | null {
  const [root, first, second] = reference;
  if (root === 'run') {
    return first !== undefined && RUN_FIELDS.includes(first) ? null
      : { code: 'reference_unknown', message: `A run has ${RUN_FIELDS.map((field) => `run.${field}`).join(' and ')}, nothing else.` };
  }
  if ((root === 'item' || root === 'index') && !inItem) return { code: 'reference_unknown', message: `"${root}" is known only in the steps of a map.` };
  if (root !== 'steps') return null;
  if (first === undefined) return { code: 'reference_unknown', message: 'Name the step: steps.<id>.output.' };
  const map = ofItems.get(first);
  if (map !== undefined) return { code: 'step_unknown', message: `"${first}" is a step of each item of the map "${map}". What the items gave is steps.${map}.output.items.` };
  if (!steps.has(first)) return { code: 'step_unknown', message: `There is no step "${first}". Steps here: ${[...steps].join(', ')}.` };
  if (silent.has(first)) return { code: 'reference_unknown', message: `"${first}" is a wait, which gives nothing. To come after it, name it: needs: [${first}].` };
  if (second !== 'output') return { code: 'reference_unknown', message: `Of a step only its output can be used: steps.${first}.output.` };
  return null;
}

function stringsIn(value: unknown, path: Path): Array<[Path, string]> {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => stringsIn(member, [...path, Array.isArray(value) ? Number(key) : key]));
}
