import type { ActionContext, JsonObject, Reconciled, ActionResult } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

/** GitHub ends a request after 10 s; only then can one that timed out here not take effect any more. */
const REQUEST_ENDS_AFTER_MS = 15_000;

/** The text with our reference at its end, as a comment that GitHub keeps and does not show. */
export function withMarker(text: string, reference: string): string {
  return `${text.trimEnd()}\n\n${markerOf(reference)}`;
}

/** What stands in a text that is ours. References are made of letters that cannot end a comment. */
export function markerOf(reference: string): string {
  return `<!-- ref: ${reference} -->`;
}

/** One of our texts as `reference.find` gives it. */
export interface Found {
  readonly id: string;
  readonly number: number | null;
  readonly url: string;
  readonly updated_at: string;
}

/** Whether a text of ours is there, asked by a governed read. `where` names the place; it takes no other parameter of the write but those of one name. */
export async function lookFor(context: ActionContext, where: JsonObject, resultOf: (found: Found) => ActionResult): Promise<Reconciled> {
  const { found, complete } = await context.call('github/reference.find', where);
  const [first] = found as unknown as Found[];
  if (first !== undefined) return { happened: true, result: resultOf(first) };
  if (complete === true) return { happened: false };
  return { happened: 'unknown', why: 'So much was written there since that our reference was not looked for everywhere; a person must look.' };
}

/** Sends a write; one that timed out is not asked after before GitHub has ended it, else nothing may be found and both may arrive. */
export async function sending<Value>(send: () => Promise<Value>): Promise<Value> {
  try {
    return await send();
  } catch (error) {
    const maybeUnderWay = error instanceof ConnectorError && error.effect === 'unknown' && (error.code === 'peer_timeout' || error.code === 'call_aborted');
    if (!maybeUnderWay) throw error;
    throw new ConnectorError({ code: error.code, message: error.message, effect: 'unknown', retryable: true, retryAfterMs: REQUEST_ENDS_AFTER_MS, cause: error });
  }
}
