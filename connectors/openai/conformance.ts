import type { ConformanceSubject } from '../conformance/subject.ts';
import { startModelStandIn } from '../model-adapter/sandbox/model-stand-in.ts';
import { openai } from './connector.ts';

const MODEL = 'openai/gpt-5.4-mini';

/** OpenAI before a simulator that others wrote (@copilotkit/aimock). */
export const conformance: ConformanceSubject = {
  connector: openai,
  async start() {
    const standIn = await startModelStandIn({ label: 'printer' });
    return {
      url: standIn.url,
      credential: { kind: 'bearer', token: 'sk-conformance-0123456789' },
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
