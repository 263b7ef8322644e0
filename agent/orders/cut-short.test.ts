import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { Desk, SETTLED_MS } from '@countersign/connectors/servicenow/testing/desk.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { scratchFolder } from '../spool/testing/open-for-test.ts';
import type { KeptContent } from './accept-order.ts';
import { servicenowOrder, Workplace } from './testing/workplace.ts';

const CUT = join(import.meta.dirname, 'testing', 'cut-process.ts');
const evaluators = createEvaluatorPool({ threads: 1 });
let desk: Desk;
let folder: string;
let sysId: string;
let later_ms: number;
let place: Workplace | null;

beforeAll(async () => { desk = await Desk.open(); });
afterAll(async () => {
  await desk.close();
  await evaluators.close();
});
beforeEach(async () => {
  [folder, later_ms, place] = [scratchFolder(), 0, null];
  sysId = await desk.raise();
});
afterEach(async () => {
  await place?.close();
  await desk.clear();
});

/** An agent that ends in the middle of a write; gives the order's id. */
function cut(where: 'before' | 'after'): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['--disable-warning=ExperimentalWarning', CUT, folder, desk.sandbox.url, sysId, where], { encoding: 'utf8' }, (_error, stdout, stderr) => {
      if (child.exitCode === 9 && stdout.startsWith('ord_')) resolve(stdout);
      else reject(new TypeError(`${child.exitCode}: ${stdout}${stderr}`));
    });
  });
}

/** The same agent, started again. */
async function again(): Promise<Workplace> {
  place = await Workplace.open({ folder, url: desk.sandbox.url, evaluators, machine: () => new Date(Date.now() + later_ms) });
  return place;
}

const changing = async (): Promise<string[]> => (await desk.requests()).filter((request) => !request.startsWith('GET'));

/** What the cell asks when it has heard that nobody knows. */
async function reconciled(agent: Workplace, execute: KeptContent): Promise<OutcomeBody> {
  const { order, sealed } = execute;
  const envelope = await servicenowOrder({
    kind: 'reconcile', action: 'incident.update', parameters: sealed.parameters as JsonObject, fence: '2', now: new Date(Date.now() + later_ms), approval: null,
    prepared: { parameters: sealed.parameters, target: sealed.target!, preview: {}, action_digest: order.action_digest! }, changes: (made): WorkOrder => ({ ...made, call_id: order.call_id }),
  });
  return (await agent.carriedOut(envelope))!;
}

async function contentOf(agent: Workplace, orderId: string): Promise<KeptContent> {
  return agent.spool.commit((tx) => tx.content(orderId) as KeptContent);
}

describe('a write that the end of the agent cut short', () => {
  it('after it was sent is found in the system of record, told as done, and never sent again', async () => {
    const orderId = await cut('after');
    const agent = await again();
    await agent.runner.resume();
    expect(agent.runner.underWay()).toEqual([orderId]);
    await agent.runner.idle();
    expect(agent.outcome(orderId), JSON.stringify(agent.lines)).toMatchObject({ state: 'succeeded', result: { receipt: { target_id: sysId } } });
    expect(await changing()).toEqual(['PATCH incident']);
    expect(desk.notes(sysId)).toHaveLength(1);
    expect(agent.sent.filter((line) => !line.startsWith('GET'))).toEqual([]);
    expect(agent.entries('order.accepted')).toHaveLength(2);
    expect(agent.entries('outcome')).toHaveLength(2);
  });

  it('before it was sent is not sent by the next start: the cell is told that nobody knows, and later that nothing happened', async () => {
    const orderId = await cut('before');
    const agent = await again();
    const execute = await contentOf(agent, orderId);
    await agent.runner.resume();
    await agent.runner.idle();
    expect(agent.outcome(orderId)).toMatchObject({ state: 'uncertain', error: { code: 'outcome_unknown', retryable: true, retry_after_ms: expect.any(Number) as number } });
    later_ms = SETTLED_MS + 1_000;
    expect(await reconciled(agent, execute)).toMatchObject({ state: 'succeeded', result: { happened: false } });
    expect(await changing()).toEqual([]);
    expect(desk.notes(sysId)).toEqual([]);
  });

  it('is looked up once more by an order to reconcile, from the books of the agent alone when it knows', async () => {
    const orderId = await cut('after');
    const agent = await again();
    const execute = await contentOf(agent, orderId);
    await agent.runner.resume();
    await agent.runner.idle();
    expect(agent.outcome(orderId)).toMatchObject({ state: 'succeeded' });
    const asks = agent.sent.length;
    expect(await reconciled(agent, execute)).toMatchObject({ state: 'succeeded', result: { happened: true, receipt: { target_id: sysId } } });
    expect(agent.sent.length).toBe(asks);
    expect(await changing()).toEqual(['PATCH incident']);
  });

  it('is not even looked up when the time of its order is over: the cell asks by another', async () => {
    const orderId = await cut('after');
    later_ms = 61_000;
    const agent = await again();
    const execute = await contentOf(agent, orderId);
    await agent.runner.resume();
    await agent.runner.idle();
    expect(agent.sent).toEqual([]);
    expect(agent.outcome(orderId)).toMatchObject({ state: 'uncertain', error: { code: 'order_lapsed', retryable: true }, exchanges: { may_have_changed: true } });
    expect(await reconciled(agent, execute)).toMatchObject({ result: { happened: true, receipt: { target_id: sysId } } });
    expect(await changing()).toEqual(['PATCH incident']);
  });

  it('says that nobody knows where the connection is gone from the configuration', async () => {
    const orderId = await cut('after');
    place = await Workplace.open({ folder, url: desk.sandbox.url, evaluators, connections: [] });
    await place.runner.resume();
    await place.runner.idle();
    expect(place.outcome(orderId)).toMatchObject({ state: 'uncertain', error: { retryable: true } });
  });
});
