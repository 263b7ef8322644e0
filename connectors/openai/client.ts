import { chatRequest, readChat } from '../model-adapter/openai-chat.ts';
import { readResponses, responsesRequest } from '../model-adapter/openai-responses.ts';
import type { ModelInstance, Provider } from '../model-adapter/provider.ts';
import { wordOf } from '../model-adapter/read-body.ts';
import { refusals } from './errors.ts';

/**
 * OpenAI by its Responses API. An instance whose setting `api` is `chat` is asked by Chat Completions: compatible servers often speak
 * nothing else. Source: openai/openai-node, src/resources.
 */
export const openaiModels: Provider = {
  title: 'OpenAI',
  telemetryName: 'openai',
  refusals,
  expectedModel: ({ modelId }) => modelId,
  request: (question, input, instance) => (speaksChat(instance) ? chatRequest({ path: '/v1/chat/completions' }, question, input) : responsesRequest('/v1/responses', question, input)),
  read: (body, instance) => (speaksChat(instance) ? readChat(body) : readResponses(body)),
  requestId: ({ headers }) => wordOf(headers['x-request-id']),
};

function speaksChat({ settings }: ModelInstance): boolean {
  return settings['api'] === 'chat';
}
