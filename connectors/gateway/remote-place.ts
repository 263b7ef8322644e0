import type { Prepared } from '../sdk/connector.ts';
import type { Call, PlannedAction } from './call.ts';
import type { Intended } from './intended.ts';
import type { Looked } from './looked.ts';
import type { Performed } from './performed.ts';
import type { CallError, ExistingEffect } from './ports.ts';

/**
 * Where the connector's code runs for an instance that this process cannot reach: at the agents of its pool, each of which puts the call through a
 * gateway of its own. Everything else stays here, by the same stages as for every other call: its decision, its approval, its intent and its outcome.
 */
export interface RemotePlace {
  /** Why nobody of the pool can be asked now; null: somebody can. Asked before anything is decided. */
  admit(call: Call): Promise<CallError | null>;
  /** What would be sent exactly. Changes nothing. */
  prepare(call: Call, follows: string | null): Promise<{ readonly prepared: Prepared } | { readonly error: CallError }>;
  /** Carries out the action whose intent has committed. */
  perform(call: Call, plan: PlannedAction, intended: Intended): Promise<Performed>;
  /** What whoever carried it out has said of it meanwhile; null: nothing. Asks nobody. */
  told(call: Call, effect: ExistingEffect): Promise<Looked | null>;
  /** Has somebody of the pool ask the system of record. */
  reconcile(call: Call, effect: ExistingEffect): Promise<Looked>;
}
