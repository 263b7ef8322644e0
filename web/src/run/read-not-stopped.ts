import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { STEP_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';

type Schemas = components['schemas'];

/** What a cancellation could not stop, as the error of the cancelled run holds it; empty when it holds none. */
export function readNotStopped(error: Schemas['RunError'] | null): Schemas['NotStopped'][] {
  const list = error?.data?.['not_stopped'];
  return Array.isArray(list) ? list.flatMap(readOne) : [];
}

function readOne(one: unknown): Schemas['NotStopped'][] {
  if (typeof one !== 'object' || one === null) return [];
  const { step_key, state, action } = one as Record<string, unknown>;
  const known = statesOf(STEP_STATES).find((name) => name === state);
  if (typeof step_key !== 'string' || known === undefined) return [];
  return [{ step_key, state: known, action: typeof action === 'string' ? action : null }];
}
