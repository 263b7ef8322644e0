import type { ModelAnswer, TokenCounts } from '../sdk/connector.ts';

/** What is kept of a model's answer: facts, and never content, whoever wrote the connector. It stands in the audit trail, where nothing is shredded. */
export function keptModelAnswer(answer: ModelAnswer): ModelAnswer {
  const { requested, observed, model_changed, response_id, request_id, finish_reasons, usage, minimised } = answer;
  return {
    requested: word(requested) ?? 'unreadable',
    observed: word(observed),
    model_changed: typeof model_changed === 'boolean' ? model_changed : null,
    response_id: word(response_id),
    request_id: word(request_id),
    finish_reasons: finish_reasons.slice(0, 8).map(word).filter((reason) => reason !== null),
    usage: keptCounts(usage),
    minimised: Object.fromEntries(Object.entries(minimised).filter(([kind]) => word(kind) !== null).slice(0, 16).map(([kind, times]) => [kind, count(times)])),
  };
}

function keptCounts(usage: TokenCounts): TokenCounts {
  return {
    input_tokens: count(usage.input_tokens), cached_input_tokens: count(usage.cached_input_tokens), cache_write_tokens: count(usage.cache_write_tokens),
    output_tokens: count(usage.output_tokens), reasoning_tokens: count(usage.reasoning_tokens),
  };
}

/** Ids and fixed words have no spaces; a sentence has. */
function word(value: string | null): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,199}$/.test(value) ? value : null;
}

function count(value: number): number {
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
