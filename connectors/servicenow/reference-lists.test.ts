import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import { fixedPolicy } from '../gateway/testing/test-gateway.ts';
import { basic, Desk, proposal, succeeded, waiting } from './testing/desk.ts';

let desk: Desk;
beforeAll(async () => { desk = await Desk.open(); });
afterAll(() => desk.close());
afterEach(() => desk.clear());

const UPDATE = 'servicenow/incident.update';
const LISTS = ['GET sys_choice', 'GET dl_u_priority', 'GET sys_user_group'];

/** How often each list was asked for since the last time. */
async function listReads(): Promise<number[]> {
  const made = await desk.requests();
  await desk.control('DELETE', 'requests');
  return LISTS.map((request) => made.filter((other) => other === request).length);
}

async function addCategory(value: string): Promise<void> {
  const sys_id = Buffer.from(value.padEnd(16, '-')).toString('hex').slice(0, 32);
  desk.sandbox.store.commit([{ table: 'sys_choice', sys_id, record: { sys_id, name: 'incident', element: 'category', value, label: `The ${value}`, language: 'en', inactive: 'false', sequence: '99' } }]);
}

describe('lists', () => {
  test('are read once and then remembered for ten minutes; the action says by digest which ones it was checked against', async () => {
    const world = desk.connect();
    const [first, second, third] = [await desk.raise(), await desk.raise(), await desk.raise()];
    await listReads();
    waiting(await world.call(testIdentity(), UPDATE, proposal(first)));
    expect(await listReads()).toEqual([1, 1, 1]);
    waiting(await world.call(testIdentity(), UPDATE, proposal(second)));
    expect(await listReads()).toEqual([0, 0, 0]);
    world.later(600_000);
    waiting(await world.call(testIdentity(), UPDATE, proposal(third)));
    expect(await listReads()).toEqual([1, 1, 1]);

    const digests = world.store.approvals().map(({ request }) => request.action.parameters['validated_against']);
    expect(new Set(digests.map((each) => JSON.stringify(each))).size).toBe(1);
    const { output } = succeeded(await world.call(testIdentity(), 'servicenow/choices.list', {}));
    expect(digests[0]).toEqual({ choices: digestOf(output), priority_rules: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  });

  test('are read afresh before a value is refused, and a changed list is another digest', async () => {
    const world = desk.connect();
    const [first, second] = [await desk.raise(), await desk.raise()];
    waiting(await world.call(testIdentity(), UPDATE, { sys_id: first, category: 'network' }));
    await listReads();
    await addCategory('drones');
    waiting(await world.call(testIdentity(), UPDATE, { sys_id: second, category: 'drones' }));
    expect((await listReads()).slice(0, 2)).toEqual([1, 1]);
    const [before, after] = world.store.approvals().map(({ request }) => request.action.parameters['validated_against'] as { choices: string; priority_rules: string });
    expect(after!.choices).not.toBe(before!.choices);
    expect(after!.priority_rules).toBe(before!.priority_rules);
    // One that is in no list is refused at the price of one more look.
    expect(await world.call(testIdentity(), UPDATE, { sys_id: second, category: 'submarines' })).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid' } });
    expect((await listReads()).slice(0, 2)).toEqual([1, 1]);
  });

  test('are forgotten when the instance refuses a write, or does not keep what was written', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.control('POST', 'faults', { method: 'PATCH', table: 'incident', kind: 'answer', status: 403, content_type: 'application/json', body: '{"error":{"message":"Operation Failed","detail":"Data Policy Exception: Category is read only"},"status":"failure"}' });
    expect(await world.call(nextAttempt(identity), UPDATE, proposal(sysId))).toMatchObject({ kind: 'failed', error: { code: 'peer_refused' } });
    await listReads();
    waiting(await world.call(testIdentity(), UPDATE, proposal(await desk.raise())));
    expect(await listReads()).toEqual([1, 1, 1]);
  });

  test('are never another tenant\'s, though all else is the same', async () => {
    // The seeded policy is of one tenant.
    const world = desk.connect(basic(), { pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
    await desk.raise();
    const inTenant = (tenant: string) => {
      const identity = testIdentity();
      return { ...identity, tenant: { ...identity.tenant, id: tenant } };
    };
    const ask = async (tenant: string): Promise<void> => { succeeded(await world.call(inTenant(tenant), UPDATE, proposal(await desk.raise()))); };
    await listReads();
    await ask('ten_1');
    expect(await listReads()).toEqual([1, 1, 1]);
    await ask('ten_1');
    expect(await listReads()).toEqual([0, 0, 0]);
    await ask('ten_2');
    expect(await listReads(), 'nothing of one tenant is taken for another').toEqual([1, 1, 1]);
  });
});
