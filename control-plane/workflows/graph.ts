/** Steps by id, each with the ids that it waits for. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/** One cycle as the ids along it, first and last the same; null when there is none. */
export function findCycle(needs: Needs): string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): string[] | null => {
    if (done.has(id)) return null;
    const from = path.indexOf(id);
    if (from >= 0) return [...path.slice(from), id];
    path.push(id);
    for (const next of needs.get(id) ?? []) {
      const cycle = visit(next);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(id);
    return null;
  };
  for (const id of needs.keys()) {
    const cycle = visit(id);
    if (cycle !== null) return cycle;
  }
  return null;
}
