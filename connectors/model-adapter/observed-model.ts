/** What vendors put behind a model's name for one of its snapshots: `-2026-04-23`, `-20260423`, `@20260423`. */
const SNAPSHOT = /^[-@]\d{4}-?\d{2}-?\d{2}$/;

/**
 * Whether another model answered than the one that was asked for. A dated snapshot of the same name is the same model: vendors resolve
 * names to one. Null where there is nothing to compare.
 */
export function isChangedModel(expected: string | null, observed: string | null): boolean | null {
  if (expected === null || observed === null) return null;
  return observed !== expected && !(observed.startsWith(expected) && SNAPSHOT.test(observed.slice(expected.length)));
}
