import { CONTENT_FILTER, CONTEXT_WINDOW, RATE_LIMIT, SPEND_LIMIT, UNKNOWN_MODEL } from '../model-adapter/errors.ts';
import type { Refusals } from '../model-adapter/errors.ts';

/** Azure's codes, which are OpenAI's and some of its own; the content filter says 400. What is not here is told by its status. */
export const refusals: Refusals = {
  named: new Map([
    ['content_filter', CONTENT_FILTER], ['ResponsibleAIPolicyViolation', CONTENT_FILTER], ['content_policy_violation', CONTENT_FILTER],
    ['insufficient_quota', SPEND_LIMIT],
    ['context_length_exceeded', CONTEXT_WINDOW], ['string_above_max_length', CONTEXT_WINDOW],
    ['DeploymentNotFound', UNKNOWN_MODEL], ['model_not_found', UNKNOWN_MODEL],
    ['rate_limit_exceeded', RATE_LIMIT], ['RateLimitReached', RATE_LIMIT],
  ]),
};
