import type { ActionContext, EgressRequest, EgressResponse, JsonObject, TokenCounts } from '../sdk/connector.ts';
import type { Refusals } from './errors.ts';
import type { Question } from './question.ts';

export type ModelInstance = ActionContext['instance'];

/**
 * How a provider is spoken to: one shape of request and one of answer. No SDK, because those send again by themselves and every request
 * may be billed; and because the bytes that leave are then ours.
 */
export interface Provider {
  /** As people call it, for messages. */
  readonly title: string;
  /** `gen_ai.provider.name` of OpenTelemetry's conventions. */
  readonly telemetryName: 'openai' | 'azure.ai.openai' | 'anthropic';
  /** What its refusals mean, as far as it has words of its own for them. */
  readonly refusals: Refusals;
  /** @param input what the model is to work on, as it is sent. @throws ConnectorError parameters_invalid, for settings that cannot be used */
  request(question: Question, input: string, instance: ModelInstance): EgressRequest;
  /** An answer with status 200. @throws ConnectorError response_invalid, where it is not the shape that the provider documents */
  read(body: JsonObject, instance: ModelInstance): ProviderAnswer;
  /** The provider's own name for the request, for its support. */
  requestId(response: EgressResponse): string | null;
  /** What must answer: the id that was asked for, or the model behind a deployment; null where nobody has said. */
  expectedModel(question: Question, instance: ModelInstance): string | null;
}

/** How an answer ended. All but `complete` are outcomes of their own, with a code of their own (`generate.ts`). */
export type Ending = 'complete' | 'refused' | 'content_filtered' | 'truncated' | 'context_window_exceeded' | 'unfinished';

/** A provider's answer in everybody's words. */
export interface ProviderAnswer {
  readonly ending: Ending;
  /** What the model wrote; empty where it wrote nothing. */
  readonly text: string;
  /** The model that says it answered. */
  readonly observed: string | null;
  readonly responseId: string | null;
  /** How it ended, in the provider's words. */
  readonly finishReasons: readonly string[];
  readonly tokens: TokenCounts;
}
