import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { ActionResult, ModelAnswer, Usage } from '../sdk/connector.ts';
import type { CallError } from './ports.ts';

/** How carrying out an action ended, and what went over the wire. */
export type Performed = (Answered | Broken) & {
  readonly exchanges: ExchangeLog;
  readonly durationMs: number;
  /** Labels of everything that the action read by calls of its own. */
  readonly nestedLabels: readonly Label[];
  /** Carried out by an agent: what it gives was judged, cleaned and redacted there before it left, and is left out where it was too large for that. */
  readonly judgedThere?: 'whole' | 'output_too_large';
};
export interface Answered {
  readonly state: 'succeeded';
  readonly result: ActionResult;
  /** What was taken out of the output; absent until it was looked for (`clean-answer.ts`). */
  readonly hidden?: HiddenCharacters;
}
export interface Broken {
  readonly state: 'failed' | 'uncertain';
  readonly error: CallError;
  readonly usage: readonly Usage[];
  /** What a model answered that is not used, such as a refusal. */
  readonly model?: ModelAnswer | undefined;
}

/** What went over the wire in one call, for its record and for judging whether an effect is possible. */
export interface ExchangeLog {
  /** Requests that were answered or may have been received. */
  count(): number;
  /** SHA-256 over what was sent and received, without headers (they hold the credential); null when nothing was. */
  requestDigest(): string | null;
  responseDigest(): string | null;
  /** Whether a request that may change something was sent and not clearly refused (4xx). */
  mayHaveChangedSomething(): boolean;
}
