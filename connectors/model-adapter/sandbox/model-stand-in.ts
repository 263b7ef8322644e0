import { LLMock } from '@copilotkit/aimock';

export interface ModelStandIn {
  /** `http://127.0.0.1:port`; the paths of all providers lie below it. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A simulator that others wrote (@copilotkit/aimock), which speaks the protocols of all providers and answers every question with `answer`. */
export async function startModelStandIn(answer: object): Promise<ModelStandIn> {
  const mock = new LLMock({ port: 0, strict: true });
  mock.addFixture({ match: { predicate: () => true }, response: { content: JSON.stringify(answer) } });
  return { url: await mock.start(), stop: () => mock.stop() };
}
