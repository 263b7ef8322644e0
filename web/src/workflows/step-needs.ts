import { parse } from 'yaml';

export interface SourceStep {
  key: string;
  uses: string;
  needs: string[];
}

const REFERENCE = /\bsteps\.([A-Za-z_][\w-]*)/g;
/** A published source is small and has no use for aliases; the server refused it otherwise. */
const PARSE_OPTIONS = { maxAliasCount: 0 };

/** The steps of a workflow's source with what each waits for: named in `needs`, or referred to in `${{ }}`. Empty when it cannot be read. */
export function stepsOfSource(source: string): SourceStep[] {
  const steps = stepList(source);
  const known = new Set(steps.map(({ id }) => id));
  return steps.map((step) => {
    const referred = expressions(step).flatMap((text) => [...text.matchAll(REFERENCE)].map(([, key = '']) => key));
    const named = Array.isArray(step['needs']) ? step['needs'].filter((need) => typeof need === 'string') : [];
    const needs = new Set([...named, ...referred].filter((need) => known.has(need) && need !== step.id));
    return { key: step.id, uses: typeof step['uses'] === 'string' ? step['uses'] : '', needs: [...needs] };
  });
}

function stepList(source: string): Array<Record<string, unknown> & { id: string }> {
  try {
    const document: unknown = parse(source, PARSE_OPTIONS);
    const spec = isRecord(document) ? document['spec'] : null;
    const steps = isRecord(spec) ? spec['steps'] : null;
    return Array.isArray(steps) ? steps.filter((step): step is Record<string, unknown> & { id: string } => isRecord(step) && typeof step['id'] === 'string') : [];
  } catch {
    return [];
  }
}

/** Every text in `value` that can hold an expression; a condition is one without the `${{ }}` too. */
function expressions(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(expressions);
  return isRecord(value) ? Object.values(value).flatMap(expressions) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
