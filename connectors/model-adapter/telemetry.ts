import { startClientSpan } from '@countersign/platform/telemetry/library-span.ts';
import type { LibraryAttributes } from '@countersign/platform/telemetry/library-span.ts';
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
  const span = startClientSpan('countersign.model-adapter', `chat ${asking.modelId}`, requestAttributes(asking));
  try {
    const result = await ask();
    span.set(answerAttributes(result.model));
    return result;
  } catch (error) {
    if (error instanceof ConnectorError) span.set(answerAttributes(error.model));
    span.fail(error instanceof ConnectorError ? error.code : '_OTHER');
    throw error;
  } finally {
    span.end();
  }
}

function requestAttributes({ provider, modelId, server, wantsJson, maxOutputTokens }: Asking): LibraryAttributes {
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

function answerAttributes(answer: ModelAnswer | undefined): LibraryAttributes {
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
