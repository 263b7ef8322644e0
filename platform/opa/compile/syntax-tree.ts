/**
 * The part of OPA's syntax tree that is read here, as `opa parse --format json --json-include locations` prints it. Source: OPA 1.22,
 * package ast; nothing else of it is relied on.
 */
export interface Location {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

export interface Term {
  readonly location?: Location;
  /** `ref`, `var`, `string`, `object`, `set`, `array`, `call`, ... */
  readonly type: string;
  readonly value: unknown;
}

export interface SyntaxTree {
  readonly package: { readonly location: Location; readonly path: readonly Term[] };
  readonly imports?: ReadonlyArray<{ readonly alias?: string; readonly path: Term }>;
  readonly rules?: ReadonlyArray<{ readonly location?: Location; readonly head: { readonly name?: string; readonly ref: readonly Term[] } }>;
  readonly annotations?: ReadonlyArray<{ readonly location?: Location; readonly schemas?: unknown }>;
}

/** Every object of the tree in the order of the text. With a stack of its own: a source may nest deeper than our own stack is. */
export function* nodesOf(tree: unknown): Generator<Readonly<Record<string, unknown>>> {
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (!Array.isArray(node)) yield node as Readonly<Record<string, unknown>>;
    const members = Object.values(node);
    for (let index = members.length - 1; index >= 0; index -= 1) left.push(members[index]);
  }
}

export function isTerm(node: unknown): node is Term {
  return typeof node === 'object' && node !== null && typeof (node as Term).type === 'string' && 'value' in node;
}

export function isTermOf(type: string, node: unknown): node is Term {
  return isTerm(node) && node.type === type;
}

export function stringOf(node: unknown): string | null {
  return isTermOf('string', node) ? String(node.value) : null;
}

/** The members of an object term whose keys are literal strings. */
export function literalMembers(object: Term): Map<string, Term> {
  const members = new Map<string, Term>();
  for (const [key, value] of object.value as ReadonlyArray<readonly [Term, Term]>) {
    const name = stringOf(key);
    if (name !== null) members.set(name, value);
  }
  return members;
}

/** `input.action.risk` as `['input', 'action', 'risk']`; up to the first part that is no literal, and whether that was the end. */
export function pathOf(ref: Term): { readonly path: readonly string[]; readonly whole: boolean } {
  const parts = ref.value as readonly Term[];
  const names = parts.map((part, index) => (index === 0 && part.type === 'var' ? String(part.value) : stringOf(part)));
  const end = names.indexOf(null);
  return { path: names.slice(0, end < 0 ? names.length : end) as string[], whole: end < 0 };
}
