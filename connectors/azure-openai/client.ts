import { chatRequest, readChat } from '../model-adapter/openai-chat.ts';
import { readResponses, responsesRequest } from '../model-adapter/openai-responses.ts';
import type { ModelInstance, Provider } from '../model-adapter/provider.ts';
import { wordOf } from '../model-adapter/read-body.ts';
import { refusals } from './errors.ts';

/**
 * Azure OpenAI by its v1 API, where `model` is the deployment's name; an instance with the setting `api_version` (`2024-10-21`) is asked by
 * the dated one. A deployment's name says nothing of its model: what is to answer stands in the setting `models`, `{<deployment>: <model>}`.
 */
export const azureModels: Provider = {
  title: 'Azure OpenAI',
  telemetryName: 'azure.ai.openai',
  refusals,
  expectedModel: ({ modelId }, { settings }) => {
    const { models } = settings;
    const named = typeof models === 'object' && models !== null && !Array.isArray(models) && Object.hasOwn(models, modelId) ? models[modelId] : null;
    return wordOf(named);
  },
  request: (question, input, instance) => {
    const version = apiVersionOf(instance);
    if (version === null) return responsesRequest('/openai/v1/responses', question, input);
    return chatRequest({ path: `/openai/deployments/${encodeURIComponent(question.modelId)}/chat/completions`, query: { 'api-version': version } }, question, input);
  },
  read: (body, instance) => (apiVersionOf(instance) === null ? readResponses(body) : readChat(body)),
  requestId: ({ headers }) => wordOf(headers['apim-request-id'] ?? headers['x-request-id']),
};

function apiVersionOf({ settings }: ModelInstance): string | null {
  return wordOf(settings['api_version']);
}
