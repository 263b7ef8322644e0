import { resolveOurs, type ParsedModule } from '../modules.ts';
import type { Violation } from '../tree.ts';

/** Modules that import one another, types included: what cannot be read apart belongs together, or apart for good. */
export function importCycles(modules: readonly ParsedModule[]): Violation[] {
  const graph = new Map(modules.map((module) => [module.path, targetsOf(module)]));
  return stronglyConnected(graph)
    .filter((group) => group.length > 1 || graph.get(group[0] ?? '')?.includes(group[0] ?? ''))
    .map((group) => {
      const members = group.toSorted();
      return { rule: 'import-cycles', path: members[0] ?? '', message: `import one another: ${members.join(', ')}` };
    });
}

function targetsOf(module: ParsedModule): string[] {
  return module.imports.map((found) => resolveOurs(module.path, found.specifier)).filter((path) => path !== undefined);
}

/** Tarjan's algorithm: groups of nodes that reach one another. */
function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const connect = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) ?? 0);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) connect(next);
      else if (!stack.includes(next)) continue;
      lowest.set(node, Math.min(lowest.get(node) ?? 0, lowest.get(next) ?? 0));
    }
    if (lowest.get(node) === order.get(node)) groups.push(stack.splice(stack.indexOf(node)));
  };
  for (const node of graph.keys()) {
    if (!order.has(node)) connect(node);
  }
  return groups;
}
