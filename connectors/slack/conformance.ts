import type { ConformanceSubject } from '../conformance/subject.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { slack } from './connector.ts';
import { startSlackSandbox } from './sandbox/server.ts';

const REFERENCE = 'run_1/abcdef123456';

interface SandboxState {
  readonly bot_token: string;
  readonly channels: ReadonlyArray<{ readonly id: string; readonly name: string }>;
}

/** Slack before an emulator that others wrote (vercel-labs/emulate), as an installed bot. */
export const conformance: ConformanceSubject = {
  connector: slack,
  async start() {
    const sandbox = await startSlackSandbox({ port: 0, redirectUrl: 'http://localhost:8080/oauth' });
    const ask = async <Answer>(what: string, body: JsonObject): Promise<Answer> => {
      const response = await fetch(`${sandbox.url}/sandbox/${what}`, { method: 'POST', body: JSON.stringify(body) });
      return (await response.json() as { answer: Answer }).answer;
    };
    const { bot_token, channels } = await ask<SandboxState>('state', {});
    const channel = channels.find(({ name }) => name === 'approvals')?.id ?? '';
    let count = 0;
    return {
      url: sandbox.url, credential: { kind: 'bearer', token: bot_token }, settings: {},
      actions: {
        'channel.get': { parameters: () => ({ channel }) },
        'message.find': { parameters: () => ({ channel, reference: REFERENCE }) },
        'message.post': {
          parameters: () => ({ channel, text: `Posted by a test ${count += 1} <!channel>` }),
          effects: async ({ text }) => (await ask<Array<{ text: string }>>('messages', { channel })).filter((message) => message.text === String(text).replace('<!channel>', '&lt;!channel&gt;')).length,
        },
      },
      stop: () => sandbox.stop(),
    };
  },
};
