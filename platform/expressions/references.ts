import type { ASTNode } from '@marcbachmann/cel-js';

/** A path from a root, such as `['steps', 'triage', 'output', 'category']`. It ends where a key is computed. */
export type ReferencePath = readonly string[];

/** `item` and `index` are there only in the steps of a map. */
export const ROOTS: readonly string[] = ['trigger', 'steps', 'run', 'item', 'index'];
/** Macros of CEL whose first argument names what stands for each element. */
export const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Every path that `ast` may read, without repetitions. `trigger.items[run.n]` gives `trigger.items` and `run.n`. */
export function referencesIn(ast: ASTNode): ReferencePath[] {
  const found = new Map<string, ReferencePath>();
  // `list.map(item, item.name)` names its own `item`, whatever the root of that name is.
  const visit = (node: ASTNode, own: ReadonlySet<string>): void => {
    const path = pathOf(node);
    if (path !== null && !own.has(path[0]!)) found.set(JSON.stringify(path), path);
    const variable = variableOf(node);
    const within = variable === null ? own : new Set([...own, variable.name]);
    for (const child of path === null ? childrenOf(node) : computedKeysOf(node)) visit(child, child === variable?.list ? own : within);
  };
  visit(ast, new Set());
  return [...found.values()];
}

/** The nodes directly below `node`. */
export function childrenOf(node: ASTNode): ASTNode[] {
  return nodesIn(node.args);
}

export function dotted(path: ReferencePath): string {
  return path.join('.');
}

/** The path that `node` selects, or null when it does not start at a root. A computed key ends it. */
function pathOf(node: ASTNode): string[] | null {
  if (node.op === 'id') return ROOTS.includes(node.args) ? [node.args] : null;
  if (node.op === '.') return extended(node.args[0], node.args[1]);
  if (node.op === '[]') return extended(node.args[0], literalKey(node.args[1]));
  return null;
}

/** What a comprehension calls each element, and the list that it goes over, which does not know that name. */
function variableOf(node: ASTNode): { readonly name: string; readonly list: ASTNode } | null {
  if (node.op !== 'rcall' || !COMPREHENSIONS.has(node.args[0])) return null;
  const [variable] = node.args[2];
  return variable?.op === 'id' ? { name: variable.args, list: node.args[1] } : null;
}

function extended(target: ASTNode, key: string | null): string[] | null {
  const path = pathOf(target);
  if (path === null) return null;
  return key === null || endsEarly(target) ? path : [...path, key];
}

function endsEarly(node: ASTNode): boolean {
  if (node.op === '.') return endsEarly(node.args[0]);
  if (node.op === '[]') return literalKey(node.args[1]) === null || endsEarly(node.args[0]);
  return false;
}

function literalKey(node: ASTNode): string | null {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : null;
}

function computedKeysOf(node: ASTNode): ASTNode[] {
  if (node.op === '.') return computedKeysOf(node.args[0]);
  if (node.op === '[]') return [node.args[1], ...computedKeysOf(node.args[0])];
  return [];
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value] : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
