import { describe, expect, test } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { DecisionRecord } from '@countersign/connectors/gateway/ports.ts';
import { testIdentity } from '@countersign/connectors/gateway/testing/identities.ts';
import { MemoryFacts } from '@countersign/connectors/gateway/testing/memory-situation.ts';
import { orderFacts } from './order-facts.ts';

const call: CallIdentity = testIdentity();
const ABOUT = { action: 'servicenow/incident.get', instanceId: 'ins_1' };
const NOW = new Date('2026-11-21T10:00:00.000Z');
const decided = (input: object | null): DecisionRecord => ({ inputText: JSON.stringify(input) } as DecisionRecord);
const factsFor = (reads: readonly string[], decision: DecisionRecord | null) => orderFacts({ facts: new MemoryFacts(), policy: { reads: async () => reads }, clock: { now: () => NOW } }, call, ABOUT, decision);

describe('what an agent is told to count by', () => {
  test('is nothing where no rule reads it', async () => {
    expect(await factsFor([], null)).toEqual({});
    expect(await factsFor([], decided({ tenant: {} }))).toEqual({});
  });

  test('is looked up where nothing has been decided yet, and only what is read', async () => {
    expect(Object.keys(await factsFor(['counters'], null))).toEqual(['counters']);
    expect(Object.keys(await factsFor(['budget', 'counters'], null)).sort()).toEqual(['budget', 'counters']);
  });

  test('is what the decision went by, which is not counted a second time', async () => {
    const counters = { action: { minute: 3 } };
    expect(await factsFor(['counters'], decided({ counters, tenant: {} }))).toEqual({ counters });
    expect(await factsFor(['budget', 'counters'], decided({ counters }))).toMatchObject({ counters, budget: expect.anything() as object });
  });

  test('of an input that had no canonical form there is none', async () => {
    expect(await factsFor([], decided(null))).toEqual({});
  });
});
