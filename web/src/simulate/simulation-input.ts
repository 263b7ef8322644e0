import schema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiError } from '../api/problem.ts';
import type { SourceProblem } from '../rego/source-problems.ts';
import { exampleOf } from './example-input.ts';
import { placeInJson } from './json-place.ts';

type Schemas = components['schemas'];

/** An input to begin with: the contract's own examples, in the person's own tenant. */
export function beginInput(me: Pick<Schemas['Me'], 'tenant' | 'workspace'>, environment: { environment_id: string; environment: string } | undefined): string {
  const named = ({ id, slug }: Schemas['Named']): { id: string; slug: string } => ({ id, slug });
  const input = {
    ...(exampleOf(schema) as Record<string, unknown>), tenant: named(me.tenant), workspace: named(me.workspace),
    ...(environment === undefined ? {} : { environment: { id: environment.environment_id, name: environment.environment } }),
  };
  return `${JSON.stringify(input, null, 2)}\n`;
}

/** The object that a text holds; null when it holds none. */
export function readInput(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Where an answer's fields point into the body: the input lies beneath this. */
const INPUT = /^\/subject\/input(?=\/|$)/;

/** What the server said about fields of the input, at their places in the text. */
export function problemsOfInput(text: string, error: unknown): SourceProblem[] {
  const errors = error instanceof ApiError ? error.problem?.errors ?? [] : [];
  return errors.filter(({ field }) => INPUT.test(field)).map(({ field, code, message }) => {
    const pointer = field.replace(INPUT, '');
    return { code, severity: 'error', file: 'input.json', ...placeInJson(text, pointer), message: `${pointer === '' ? 'The input' : pointer}: ${message}` };
  });
}
