import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { Reconciled } from '../sdk/connector.ts';
import type { CallError } from './ports.ts';

/**
 * What the system of record says of an effect of unknown outcome. `retryAfterMs`: when asking again can tell more. `forGood`: asking again
 * tells nothing more, so a person is to look. `unseen`: nobody has looked, and sending it again does no harm. `error`: whoever was to send it said
 * why it did not happen. `hidden`: what was taken out of the output where it was found.
 */
export type Looked =
  | (Extract<Reconciled, { happened: true }> & { readonly hidden?: HiddenCharacters })
  | { readonly happened: false; readonly unseen?: true; readonly error?: CallError }
  | (Extract<Reconciled, { happened: 'unknown' }> & { readonly retryAfterMs?: number; readonly forGood?: true });
