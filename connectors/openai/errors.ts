import { CONTENT_FILTER, CONTEXT_WINDOW, OVERLOADED, RATE_LIMIT, SPEND_LIMIT, UNKNOWN_MODEL } from '../model-adapter/errors.ts';
import type { Refusals } from '../model-adapter/errors.ts';

/** OpenAI's codes and types (OpenAI API reference, "Error codes"). What is not here is told by its status. */
export const refusals: Refusals = {
  named: new Map([
    ['insufficient_quota', SPEND_LIMIT], ['billing_hard_limit_reached', SPEND_LIMIT], ['billing_not_active', SPEND_LIMIT], ['credit_balance_exhausted', SPEND_LIMIT],
    ['content_policy_violation', CONTENT_FILTER], ['content_filter', CONTENT_FILTER],
    ['context_length_exceeded', CONTEXT_WINDOW], ['string_above_max_length', CONTEXT_WINDOW],
    ['model_not_found', UNKNOWN_MODEL],
    ['rate_limit_exceeded', RATE_LIMIT],
    ['server_overloaded', OVERLOADED], ['slow_down', OVERLOADED],
  ]),
};
