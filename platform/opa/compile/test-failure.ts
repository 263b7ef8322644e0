import type { Location, Term } from './syntax-tree.ts';
import { isTerm } from './syntax-tree.ts';

/** An event of the evaluation as opa prints it for a test that failed. */
export interface TraceEvent {
  readonly Op: string;
  readonly Location: Location;
  readonly Node: unknown;
  readonly Locals?: ReadonlyArray<{ readonly name: string } & Partial<Term>>;
}

export interface Failure {
  readonly line: number;
  readonly message: string;
}

const MAX_VALUE_LENGTH = 300;
const MAX_DEPTH = 8;
const COMPARISONS: ReadonlyMap<string, string> = new Map([['equal', '=='], ['eq', '=='], ['neq', '!='], ['gt', '>'], ['gte', '>='], ['lt', '<'], ['lte', '<=']]);

/** The expression of the test that did not hold, and what its two sides were where it compares. null where opa does not say. */
export function readFailure(trace: readonly TraceEvent[], file: string, files: ReadonlyMap<string, string>): Failure | null {
  const failed = trace.filter(({ Op, Location: at }) => Op === 'Fail' && at.file === file).at(-1);
  if (failed === undefined) return null;
  const line = failed.Location.row;
  const text = ((files.get(file) ?? '').split('\n')[line - 1] ?? '').trim();
  const sides = comparedSides(failed);
  return { line, message: sides === null ? `This does not hold: ${text}` : `This does not hold: ${text}, as it is ${sides}` };
}

/** `{"a"} == {"b"}`: the expression with the values that its parts had. */
function comparedSides({ Node: node, Locals: locals = [] }: TraceEvent): string | null {
  const terms = (node as { readonly terms?: unknown }).terms;
  if (!Array.isArray(terms) || terms.length !== 3) return null;
  const [operator, left, right] = terms as readonly unknown[];
  const sign = COMPARISONS.get(isTerm(operator) ? String((operator.value as readonly Term[])[0]?.value) : '');
  if (sign === undefined || !isTerm(left) || !isTerm(right)) return null;
  const values = new Map(locals.filter(isTerm).map((local) => [(local as unknown as { name: string }).name, local]));
  const shown = [left, right].map((side) => (side.type === 'var' ? values.get(String(side.value)) : side));
  if (shown.some((side) => side === undefined || side.type === 'ref' || side.type === 'call')) return null;
  return shown.map((side) => shorten(valueText(side as Term, 0))).join(` ${sign} `);
}

function valueText(term: Term, depth: number): string {
  if (depth > MAX_DEPTH) return '...';
  const inner = (value: Term): string => valueText(value, depth + 1);
  switch (term.type) {
    case 'array': return `[${(term.value as Term[]).map(inner).join(', ')}]`;
    case 'set': return (term.value as Term[]).length === 0 ? 'set()' : `{${(term.value as Term[]).map(inner).join(', ')}}`;
    case 'object': return `{${(term.value as Array<[Term, Term]>).map(([key, value]) => `${inner(key)}: ${inner(value)}`).join(', ')}}`;
    case 'null': return 'null';
    default: return JSON.stringify(term.value) ?? term.type;
  }
}

function shorten(text: string): string {
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}...`;
}
