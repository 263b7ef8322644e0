import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import { pollOf } from '../session/testing/session-under-test.ts';
import type { AgentClient, AgentReply, TestIdentity } from '../testing/agent-client.ts';
import { AgentPort } from '../testing/agent-port.ts';

const AGENTS = 40;
const ROTATIONS = 5;
const CERTIFICATE_S = 10;

let port: AgentPort;
beforeAll(async () => { port = await AgentPort.start({ COUNTERSIGN_AGENT_CERTIFICATE_SECONDS: String(CERTIFICATE_S) }); });
afterAll(() => port.stop());

/** An agent that polls all the time, and goes over to the next certificate at half of each one's life: the new connection first, then the old one ends. */
class RotatingAgent {
  readonly serials = new Set<string>();
  readonly replies: number[] = [];
  readonly failures: unknown[] = [];
  #identity: TestIdentity;
  #client: AgentClient;
  #polling: Promise<void>;

  private constructor(identity: TestIdentity, client: AgentClient) {
    this.#identity = identity;
    this.#client = client;
    this.#polling = this.#poll();
  }

  static async start(): Promise<RotatingAgent> {
    const identity = await port.agent();
    return new RotatingAgent(identity, await port.open(identity));
  }

  async rotate(): Promise<void> {
    await halfLife(this.#identity);
    const reply = await this.#note(this.#client.renew(this.#identity.key));
    this.#identity = { ...this.#identity, certificate_pem: String(reply?.body['certificate_pem']) };
    this.serials.add(new X509Certificate(this.#identity.certificate_pem).serialNumber);
    const [before, ended] = [this.#client, this.#polling];
    this.#client = await port.open(this.#identity);
    this.#polling = this.#poll();
    // The poll that was held on the old connection gives way to the one on the new.
    await ended;
    before.close();
  }

  async stop(): Promise<void> {
    const [last, ended] = [this.#client, this.#polling];
    this.#client = await port.open(this.#identity);
    const giveWay = this.#client.ask('POST', AGENT_PATHS.poll, { json: POLL }).catch(() => undefined);
    await ended;
    for (const client of [last, this.#client]) client.close();
    await giveWay;
  }

  async #poll(): Promise<void> {
    const client = this.#client;
    while (client === this.#client) await this.#note(client.ask('POST', AGENT_PATHS.poll, { json: POLL }));
  }

  async #note(call: Promise<AgentReply>): Promise<AgentReply | undefined> {
    try {
      const reply = await call;
      this.replies.push(reply.status);
      return reply;
    } catch (error) {
      this.failures.push(error);
      // Whatever failed is counted once; the next is for the next connection.
      await new Promise((resolve) => { setImmediate(resolve); });
      return undefined;
    }
  }
}

const POLL = pollOf({ version: '0.1.0', key_set_seq: 1_000 });

/** Until half of the certificate's life is over, as an agent renews. */
function halfLife({ certificate_pem }: TestIdentity): Promise<void> {
  const { validFromDate, validToDate } = new X509Certificate(certificate_pem);
  return new Promise((resolve) => { setTimeout(resolve, (validFromDate.getTime() + validToDate.getTime()) / 2 - Date.now()); });
}

test(`${AGENTS * ROTATIONS} rotations of certificates of ${CERTIFICATE_S} s lose no call`, async () => {
  const began = Date.now();
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => RotatingAgent.start()));
  await Promise.all(agents.map(async (agent) => { for (let rotation = 0; rotation < ROTATIONS; rotation += 1) await agent.rotate(); }));
  await Promise.all(agents.map((agent) => agent.stop()));
  expect(agents.flatMap(({ failures }) => failures)).toEqual([]);
  const replies = agents.flatMap((agent) => agent.replies);
  expect(replies.filter((status) => status !== 200)).toEqual([]);
  expect(replies.length).toBeGreaterThan(2 * AGENTS * ROTATIONS);
  expect(new Set(agents.flatMap(({ serials }) => [...serials])).size).toBe(AGENTS * ROTATIONS);
  // The first certificates are over: who is connected is so by a later one.
  expect(Date.now() - began).toBeGreaterThan(CERTIFICATE_S * 1_000);
  const renewals = (await port.plane.auditEvents()).filter(({ type }) => type === 'agent.renewed');
  expect(renewals).toHaveLength(AGENTS * ROTATIONS);
}, 120_000);
