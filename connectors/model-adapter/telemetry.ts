import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { ModelAnswer } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

export interface Asking {
  readonly provider: string;
  readonly modelId: string;
  readonly server: string | null;
  readonly wantsJson: boolean;
  readonly maxOutputTokens: number;
}

/**
 * One span around one request to a model, after the OpenTelemetry conventions for generative AI
 * (open-telemetry/semantic-conventions-genai, status Development: the names are written out here). It carries no content: neither what
 * was asked nor what was answered. Without an SDK in the process it costs nothing and goes nowhere.
 */
export async function inModelSpan<Result extends { readonly model?: ModelAnswer | undefined }>(asking: Asking, ask: () => Promise<Result>): Promise<Result> {
  const span = trace.getTracer('countersign.model-adapter').startSpan(`chat ${asking.modelId}`, { kind: SpanKind.CLIENT, attributes: requestAttributes(asking) });
  try {
    const result = await ask();
    span.setAttributes(answerAttributes(result.model));
    return result;
  } catch (error) {
    if (error instanceof ConnectorError) span.setAttributes(answerAttributes(error.model));
    span.setAttribute('error.type', error instanceof ConnectorError ? error.code : '_OTHER');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function requestAttributes({ provider, modelId, server, wantsJson, maxOutputTokens }: Asking): Attributes {
  const url = server === null ? null : new URL(server);
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': modelId,
    'gen_ai.request.max_tokens': maxOutputTokens,
    'gen_ai.output.type': wantsJson ? 'json' : 'text',
    ...(url === null ? {} : { 'server.address': url.hostname, 'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80) }),
  };
}

function answerAttributes(answer: ModelAnswer | undefined): Attributes {
  if (answer === undefined) return {};
  const { observed, response_id, finish_reasons, usage } = answer;
  return {
    ...(observed === null ? {} : { 'gen_ai.response.model': observed }),
    ...(response_id === null ? {} : { 'gen_ai.response.id': response_id }),
    'gen_ai.response.finish_reasons': [...finish_reasons],
    'gen_ai.usage.input_tokens': usage.input_tokens,
    'gen_ai.usage.output_tokens': usage.output_tokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cached_input_tokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cache_write_tokens,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoning_tokens,
  };
}
