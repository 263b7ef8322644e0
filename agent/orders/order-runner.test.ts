import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExecuteResult, PrepareResult } from '@countersign/contracts/agent/order-results.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { Desk, proposal } from '@countersign/connectors/servicenow/testing/desk.ts';
import { scratchFolder } from '../spool/testing/open-for-test.ts';
import { servicenowOrder, Workplace } from './testing/workplace.ts';
import type { WorkplaceOptions } from './testing/workplace.ts';

const UPDATE = 'incident.update';
const evaluators = createEvaluatorPool({ threads: 1 });
let desk: Desk;
let folder: string;
let place: Workplace;
let sysId: string;

beforeAll(async () => { desk = await Desk.open(); });
afterAll(async () => {
  await desk.close();
  await evaluators.close();
});
beforeEach(async () => {
  folder = scratchFolder();
  place = await opened();
  sysId = await desk.raise();
});
afterEach(async () => {
  await place.close();
  await desk.clear();
});

function opened(options: Partial<WorkplaceOptions> = {}): Promise<Workplace> {
  return Workplace.open({ folder, url: desk.sandbox.url, evaluators, ...options });
}

async function prepared(parameters: JsonObject): Promise<PrepareResult> {
  const outcome = await place.carriedOut(await servicenowOrder({ kind: 'prepare', action: UPDATE, parameters }));
  expect(outcome, JSON.stringify(place.lines)).toMatchObject({ state: 'succeeded', error: null });
  return outcome!.result as unknown as PrepareResult;
}

describe('an order', () => {
  it('to read is carried out at the sandbox, and its decision and its answer are told', async () => {
    const outcome = await place.carriedOut(await servicenowOrder({ kind: 'execute', action: 'incident.get', parameters: { sys_id: sysId } }));
    expect(outcome, JSON.stringify(place.lines)).toMatchObject({ state: 'succeeded', error: null, usage: [], exchanges: { request_digest: expect.any(String) as string, may_have_changed: false } });
    expect((outcome!.result as unknown as ExecuteResult).output).toMatchObject({ sys_id: sysId, short_description: 'VPN drops every few minutes' });
    expect(place.entries().map(({ kind }) => kind)).toEqual(['policy.changed', 'order.accepted', 'call', 'outcome']);
    expect(place.entries('call')[0]!.body).toMatchObject({ call_key: 'main', outcome: 'ALLOW', bundle: { seq: 4 } });
  });

  it('to write is prepared, approved in the cell, and done once', async () => {
    const found = await prepared(proposal(sysId));
    expect(desk.record(sysId)['category']).not.toBe('network');
    const outcome = await place.carriedOut(await servicenowOrder({ kind: 'execute', action: UPDATE, parameters: {}, prepared: found }));
    expect(outcome, JSON.stringify(place.lines)).toMatchObject({ state: 'succeeded', error: null, exchanges: { may_have_changed: true } });
    expect(desk.record(sysId)).toMatchObject({ category: 'network', subcategory: 'vpn' });
    expect(desk.notes(sysId)).toHaveLength(1);
    expect(found.action_digest).toMatch(/^sha256:/);
  });
});
