import { LLMock } from '@copilotkit/aimock';

export const PROVIDERS = ['openai', 'azure', 'anthropic'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface ModelStandIn {
  readonly url: string;
  /** How many requests it has answered. */
  asked(): number;
  stop(): Promise<void>;
}

interface Answer {
  readonly category: string;
  readonly assignment_group: string;
}

/** What gives a ticket away, in the order in which it is looked for. */
const RULES: ReadonlyArray<readonly [words: RegExp, answer: Answer]> = [
  [/vpn|wlan|wifi|wireless|dns|network|netz|router|switch|lan port|socket/i, { category: 'network', assignment_group: 'Network Operations' }],
  [/database|datenbank|sql|query|oracle|tablespace/i, { category: 'database', assignment_group: 'Database Administration' }],
  [/printer|drucker|laptop|screen|monitor|dock|keyboard|battery|imprimante/i, { category: 'hardware', assignment_group: 'End User Computing' }],
  [/outlook|mail|calendar|teams|sharepoint|onedrive/i, { category: 'software', assignment_group: 'Messaging and Collaboration' }],
  [/password|passwort|account|login|mfa|locked|contraseña|mot de passe/i, { category: 'inquiry', assignment_group: 'Identity and Access' }],
  [/erp|crm|sap|invoice|booking|payroll|hr portal/i, { category: 'software', assignment_group: 'Business Applications' }],
];

/**
 * A stand-in for a provider's API that others wrote (aimock), on a real socket: it speaks the Responses, Chat Completions and Messages
 * shapes. What it answers is decided here by a few words of the ticket; it is no model and says nothing of how good one is.
 */
export async function startModelStandIn(port: number): Promise<ModelStandIn> {
  const mock = new LLMock({ port, strict: true });
  let asked = 0;
  mock.addFixture({
    match: { predicate: () => true },
    response: (request) => {
      asked += 1;
      const ticket = ticketIn(request.messages.map((message) => (typeof message.content === 'string' ? message.content : JSON.stringify(message.content))));
      const content = JSON.stringify(sorted(ticket));
      return { content, usage: { input_tokens: 1_200, output_tokens: 90, prompt_tokens: 1_200, completion_tokens: 90 } };
    },
  });
  const url = await mock.start();
  return { url, asked: () => asked, stop: () => mock.stop() };
}

/** The last message is the ticket. */
function ticketIn(messages: readonly string[]): string {
  const last = messages.at(-1) ?? '';
  const found = /"short_description"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(last)?.[1];
  return found ?? last.slice(0, 500);
}

function sorted(ticket: string): object {
  const known = RULES.find(([words]) => words.test(ticket))?.[1] ?? { category: 'inquiry', assignment_group: 'Service Desk' };
  const urgent = /offline|outage|down|nobody|everyone|urgent/i.test(ticket);
  return { summary: `Reported: ${ticket}`, ...known, impact: urgent ? '1' : '3', urgency: urgent ? '1' : '3', confidence: 0.9 };
}
