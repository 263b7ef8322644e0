import { CONTEXT_WINDOW, OVERLOADED, RATE_LIMIT, SPEND_LIMIT } from '../model-adapter/errors.ts';
import type { Refusals } from '../model-adapter/errors.ts';

/** Anthropic's types (API reference, "Errors") and codes. What is not here is told by its status. */
export const refusals: Refusals = {
  named: new Map([
    ['enforced_spend_limit_reached', SPEND_LIMIT], ['billing_error', SPEND_LIMIT],
    ['request_too_large', CONTEXT_WINDOW],
    ['rate_limit_error', RATE_LIMIT],
    ['overloaded_error', OVERLOADED],
  ]),
  // There is no code for a prompt that is too long.
  sentences: [[/^(?:prompt is too long|input length and `max_tokens` exceed context limit)/i, CONTEXT_WINDOW]],
};
