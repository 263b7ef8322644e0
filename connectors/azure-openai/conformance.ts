import type { ConformanceSubject } from '../conformance/subject.ts';
import { startModelStandIn } from '../model-adapter/sandbox/model-stand-in.ts';
import { azureOpenai } from './connector.ts';

const MODEL = 'azure-openai/triage-mini';

/** Azure OpenAI before a simulator that others wrote (@copilotkit/aimock). */
export const conformance: ConformanceSubject = {
  connector: azureOpenai,
  async start() {
    const standIn = await startModelStandIn({ label: 'printer' });
    return {
      url: standIn.url,
      credential: { kind: 'api_key', header: 'api-key', value: 'azure-conformance-0123456789' },
      actions: {
        generate: {
          model: MODEL,
          parameters: () => ({
            model: MODEL, prompt: 'Say which kind of ticket it is.', input: { short_description: 'The printer is on fire' },
            output_schema: { type: 'object', additionalProperties: false, required: ['label'], properties: { label: { type: 'string', maxLength: 40 } } },
          }),
        },
      },
      stop: () => standIn.stop(),
    };
  },
};
