import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import { AgentPort } from '../testing/agent-port.ts';

/**
 * What agents of before send, as they sent it: one folder for each version that first spoke a protocol, written once and kept for as long as a cell
 * speaks that protocol. Who changes the protocol so that one of these is refused gives it another number.
 */
const RECORDED = new URL('../../../contracts/agent/testing/', import.meta.url);
const VERSIONS = readdirSync(RECORDED).sort();

let port: AgentPort;
beforeAll(async () => { port = await AgentPort.start(); });
afterAll(() => port.stop());

describe.each(VERSIONS)('an agent of %s', (version) => {
  const folder = new URL(`${version}/`, RECORDED);
  const named = (beginning: string): string[] => readdirSync(folder).filter((name) => name.startsWith(beginning)).sort();
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

  test('enrols', async () => {
    const client = await port.open(null);
    expect(await client.ask('POST', AGENT_PATHS.enrol, { json: read('enrol.json'), headers: { authorization: `Enrolment ${await port.token()}` } })).toMatchObject({ status: 201 });
    client.close();
  });

  test.each(named('poll'))('polls: %s', async (name) => {
    const client = await port.open(await port.agent());
    expect(await client.ask('POST', AGENT_PATHS.poll, { json: read(name) })).toMatchObject({ status: 200, body: { state: 'active', orders: [] } });
    client.close();
  });

  test('delivers what it has to tell, in one chain', async () => {
    const client = await port.open(await port.agent());
    for (const name of named('deliver')) {
      const delivery = read(name) as { entries: Array<{ seq: number; hash: string }> };
      const { seq, hash } = delivery.entries.at(-1)!;
      expect(await client.ask('POST', AGENT_PATHS.deliver, { json: delivery })).toMatchObject({ status: 200, body: { acked_seq: seq, hash } });
    }
    client.close();
  });
});
