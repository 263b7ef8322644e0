import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { readAgentEvents, readOrders, revokeAgent } from '../testing/agent-queries.ts';
import { asOwner } from '../testing/as-owner.ts';
import { Plant, TRIAGE } from '../testing/plant.ts';
import type { RunSnapshot } from '../testing/queries.ts';
import { placeInPool, TestAgent } from '../testing/test-agent.ts';
import type { TestPool } from '../testing/test-agent.ts';

let plant: Plant;
let pool: TestPool;
const agents: TestAgent[] = [];
beforeEach(async () => {
  plant = await Plant.open();
  pool = await placeInPool(plant);
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await plant.close();
});

async function anAgent(prepare: (agent: TestAgent) => void = () => undefined): Promise<TestAgent> {
  const agent = await TestAgent.enrol(plant, pool);
  agents.push(agent);
  prepare(agent);
  await agent.start();
  return agent;
}

const inExecution = <T>(work: Parameters<typeof plant.database.execution.forTenant<T>>[1]): Promise<T> => plant.database.execution.forTenant(plant.ids.tenantId, work);
const orders = () => inExecution((tx) => readOrders(tx, plant.ids.tenantId));
const kinds = async (): Promise<string[]> => (await orders()).map(({ kind, state }) => `${kind} ${state}`);
const events = () => inExecution((tx) => readAgentEvents(tx, plant.ids.tenantId));
const stateOf = (run: RunSnapshot, step: string): string | undefined => run.steps[step]?.state;

/** Raises a record, and lets a person approve its change. */
async function untilApproved(): Promise<void> {
  await plant.raise('printer on fire');
  const asking = await plant.untilRun((run) => run.steps['change']?.approval_id != null && stateOf(run, 'change') === 'waiting');
  await plant.vote(asking.steps['change']!.approval_id!);
}

describe('a ticket of an instance that only agents reach', () => {
  it('is read, prepared, countersigned here and written there, once, each order after its intent', async () => {
    await anAgent();
    await plant.startWorker();
    await untilApproved();
    const run = await plant.untilRun(({ state }) => state === 'succeeded');
    expect(plant.ledger.effects).toMatchObject([{ category: 'printer on fire' }]);
    // Claimed once before people were asked, and once after: no lease ran out while an agent was waited for.
    expect(run.steps['change']?.fence).toBe('2');
    expect(await kinds()).toEqual(['execute ended', 'prepare ended', 'execute ended', 'execute ended']);
    for (const { kind, intended_at, issued_at, begin_before } of await orders()) {
      if (kind !== 'execute') continue;
      expect(intended_at!.getTime()).toBeLessThanOrEqual(issued_at.getTime());
      expect(begin_before.getTime()).toBe(intended_at!.getTime() + pool.orderValidMs);
    }
    const heard = await events();
    expect(heard.map(({ type }) => type).filter((type) => type !== 'agent.order_issued')).toEqual(Array.from({ length: 4 }, () => ['agent.order_accepted', 'agent.outcome_delivered']).flat());
    expect(heard.filter(({ actor }) => actor.kind === 'agent').every(({ run_id, data }) => run_id === run.id && typeof data['occurred_at'] === 'string' && typeof data['spool_seq'] === 'number')).toBe(true);
  });

  it('carries the approval with its votes, and what it may do is bound to the agent, the step and its fence', async () => {
    const agent = await anAgent();
    await plant.startWorker();
    await untilApproved();
    await plant.untilRun(({ state }) => state === 'succeeded');
    const [write] = agent.taken.filter(({ risk, kind }) => risk === 'write' && kind === 'execute');
    expect(write).toMatchObject({
      audience: { agent_id: agent.agentId, pool: 'onprem' }, action: 'ledger/record.update', instance: { name: 'books' }, policy: { seq: 1, scope: plant.ids.environmentId },
      approval: { action_digest: write?.action_digest, required_votes: 1, votes: [{ principal_id: plant.ids.personId, decision: 'approve', id: expect.stringMatching(/^vot_/) as string }] },
    });
    expect(Number(write?.identity.step.fence)).toBeGreaterThan(1);
    expect(agent.taken.filter(({ kind }) => kind === 'prepare')).toMatchObject([{ approval: null, action_digest: null, call_id: null }]);
  });
});

describe('an agent that is not there', () => {
  it('holds no slot and uses up no attempt: the step waits, and goes on when one comes', async () => {
    await plant.startWorker();
    await plant.raise('printer on fire');
    const waiting = await plant.untilRun((run) => stateOf(run, 'read') === 'retrying');
    expect(waiting.steps['read']).toMatchObject({ error: { code: 'agent_unavailable' } });
    expect(await orders()).toEqual([]);
    await anAgent();
    const asking = await plant.untilRun((run) => stateOf(run, 'change') === 'waiting');
    expect(asking.steps['read']).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('that is lost before it has read anything makes the read fail, which is done by another', async () => {
    const lost = await anAgent((agent) => { agent.faults.execute = ['left_alone']; });
    await plant.startWorker();
    await plant.raise('leave me');
    await plant.until(async () => (lost.taken.length > 0 ? true : null));
    await lost.vanish();
    const other = await anAgent();
    await plant.untilRun(({ state }) => state === 'succeeded');
    expect(other.taken.map(({ kind }) => kind)).toEqual(['execute']);
    expect(await kinds()).toEqual(['execute expired', 'execute ended']);
  });

  it('that is revoked is not waited for', async () => {
    const lost = await anAgent((agent) => { agent.faults.execute = ['left_alone']; });
    await plant.startWorker();
    await plant.raise('leave me');
    await plant.until(async () => (lost.taken.length > 0 ? true : null));
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => revokeAgent(tx, lost));
    await plant.untilRun((run) => run.steps['read']?.error?.code === 'agent_not_reached' || run.steps['read']?.error?.code === 'agent_unavailable');
  });
});

describe('a write whose outcome is not heard of', () => {
  it('is uncertain, and settled by what is told later, without a second order', async () => {
    const agent = await anAgent((one) => { one.faults.execute = []; });
    await plant.startWorker();
    await plant.raise('printer on fire');
    const asking = await plant.untilRun((run) => stateOf(run, 'change') === 'waiting');
    agent.faults.execute = ['outcome_kept'];
    await plant.vote(asking.steps['change']!.approval_id!);
    await plant.until(async () => (agent.kept.length > 0 ? true : null));
    await agent.vanish();
    // It is looked for at once again, and then there is nobody to look.
    await plant.untilRun((run) => ['agent_not_reached', 'agent_unavailable'].includes(run.steps['change']?.error?.code ?? ''));
    await agent.deliver({ kind: 'outcome', body: agent.kept[0]! });
    await anAgent();
    await plant.untilRun(({ state }) => state === 'succeeded');
    expect(plant.ledger.effects).toHaveLength(1);
    expect((await orders()).filter(({ kind, call_id }) => kind === 'execute' && call_id !== null)).toHaveLength(3);
    expect(await kinds()).not.toContain('reconcile ended');
  });

  it('is looked for by another agent, and where nothing is there it is not ordered again before the first order is over', async () => {
    const agent = await anAgent();
    await plant.startWorker();
    await plant.raise('printer on fire');
    const asking = await plant.untilRun((run) => stateOf(run, 'change') === 'waiting');
    agent.faults.execute = ['left_alone'];
    await plant.vote(asking.steps['change']!.approval_id!);
    await plant.until(async () => (agent.taken.filter(({ risk }) => risk === 'write').length === 2 ? true : null));
    await agent.vanish();
    const other = await anAgent();
    await plant.until(async () => (other.taken.some(({ kind }) => kind === 'reconcile') ? true : null));
    await plant.untilRun((run) => stateOf(run, 'change') === 'uncertain' && run.steps['change']?.error?.code === 'outcome_unknown');
    expect(plant.ledger.effects).toEqual([]);
    expect(other.taken.filter(({ kind, risk }) => kind === 'execute' && risk === 'write')).toEqual([]);

    // The database's clock cannot be moved, so the intent moves the other way.
    await asOwner(plant.database, `UPDATE execution.tool_calls SET intended_at = intended_at - interval '5 minutes' WHERE state = 'uncertain'`);
    await asOwner(plant.database, `UPDATE execution.steps SET available_at = clock_timestamp() WHERE state = 'uncertain'`);
    await plant.untilRun(({ state }) => state === 'succeeded');
    expect(plant.ledger.effects).toHaveLength(1);
    expect(other.taken.filter(({ kind, risk }) => kind === 'execute' && risk === 'write')).toHaveLength(1);
  });
});

describe('the place of a step', () => {
  const placed = (pool_name: string): WorkflowDefinition => ({ ...TRIAGE, steps: TRIAGE.steps.map((one) => ({ ...one, placement: `agent:${pool_name}` as const })) });

  it('is kept to: an instance of no pool, or of another, is not called instead', async () => {
    const beside = await plant.openBeside([placed('onprem')]);
    await plant.startWorker();
    await beside.raise('leave me');
    const run = await beside.untilRun(({ state }) => state === 'failed');
    expect(run.error).toMatchObject({ code: 'placement_mismatch' });
    expect(beside.ledger.reads).toBe(0);
  });

  it('is where its instance is', async () => {
    const beside = await plant.openBeside([placed('onprem')]);
    const agent = await TestAgent.enrol(beside, await placeInPool(beside));
    agents.push(agent);
    await agent.start();
    await plant.startWorker();
    await beside.raise('leave me');
    await beside.untilRun(({ state }) => state === 'succeeded');
    expect(agent.taken.map(({ action, audience }) => [action, audience.pool])).toEqual([['ledger/record.get', 'onprem']]);
  });
});

describe('what an agent refuses', () => {
  it('has not happened, and says why', async () => {
    await anAgent((agent) => { agent.faults.execute = ['refused']; });
    await plant.startWorker();
    await plant.raise('leave me');
    const run = await plant.untilRun(({ state }) => state === 'failed');
    expect(run.error).toMatchObject({ code: 'agent_refused', message: expect.stringContaining('package_changed') as string });
    expect(await kinds()).toEqual(['execute refused']);
    expect((await events()).map(({ type }) => type)).toContain('agent.order_refused');
  });
});
