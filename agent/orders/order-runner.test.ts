import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { ExecuteResult, PrepareResult } from '@countersign/contracts/agent/order-results.ts';
import type { CallBody, OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { servicenow } from '@countersign/connectors/servicenow/connector.ts';
import { Desk, proposal } from '@countersign/connectors/servicenow/testing/desk.ts';
import type { ConnectionConfig } from '../config/agent-config.ts';
import { localVault } from '../credentials/local-vault.ts';
import { scratchFolder } from '../spool/testing/open-for-test.ts';
import { acceptOrder, RecentDigests } from './accept-order.ts';
import type { Intake } from './accept-order.ts';
import { id, signingPair, verifier } from './testing/orders.ts';
import { approvalOf, connectionTo, counted, PASSWORD, servicenowOrder, Workplace } from './testing/workplace.ts';
import type { Ordered, WorkplaceOptions } from './testing/workplace.ts';

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

const reading = (more: Partial<Ordered> = {}): Ordered => ({ kind: 'execute', action: 'incident.get', parameters: { sys_id: sysId }, ...more });
const nothingSent = (): void => expect(place.sent).toEqual([]);
const refusals = (): unknown[] => place.entries('order.refused').map(({ body }) => (body as { refusal: string }).refusal);

describe('an order', () => {
  it('to read is carried out at the sandbox, and its decision and its answer are told', async () => {
    const outcome = await place.carriedOut(await servicenowOrder(reading()));
    expect(outcome, JSON.stringify(place.lines)).toMatchObject({ state: 'succeeded', error: null, usage: [], exchanges: { request_digest: expect.any(String) as string, may_have_changed: false } });
    expect((outcome!.result as unknown as ExecuteResult).output).toMatchObject({ sys_id: sysId, short_description: 'VPN drops every few minutes' });
    expect(place.entries().map(({ kind }) => kind)).toEqual(['policy.changed', 'order.accepted', 'call', 'outcome']);
    expect(place.entries('call')[0]!.body).toMatchObject({ call_key: 'main', outcome: 'ALLOW', bundle: { seq: 4 } });
  });

  it('to write is prepared, approved in the cell, and done once', async () => {
    const found = await prepared(proposal(sysId));
    expect(place.sent.every((line) => line.startsWith('GET'))).toBe(true);
    const envelope = await servicenowOrder({ kind: 'execute', action: UPDATE, parameters: {}, prepared: found });
    const outcome = await place.carriedOut(envelope);
    expect(outcome, JSON.stringify(place.lines)).toMatchObject({ state: 'succeeded', error: null, result: { receipt: { target_id: sysId, verified_by_reading_back: true } }, exchanges: { may_have_changed: true } });
    expect(desk.record(sysId)).toMatchObject({ category: 'network', subcategory: 'vpn' });
    expect(desk.notes(sysId)).toHaveLength(1);
    // What was read on the way is metered with the order that it was read for.
    const read = place.entries('call').filter(({ body }) => (body as CallBody).call_key.startsWith('main/'));
    const metered = place.entries('outcome').flatMap(({ body }) => (body as OutcomeBody).usage);
    expect(metered).toEqual(read.map(() => ({ meter: 'connector.call', quantity: 1, unit: 'call' })));
    expect(read.length).toBeGreaterThan(0);
    expect(await place.runner.take(envelope)).toMatchObject({ kind: 'known' });
    await place.runner.idle();
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  it('prepares exactly the action whose digest the cell reckons', async () => {
    const found = await prepared(proposal(sysId));
    let digest: string | null = null;
    await servicenowOrder({ kind: 'execute', action: UPDATE, parameters: {}, prepared: found, changes: (order) => { digest = order.action_digest; return order; } });
    expect(found.action_digest).toBe(digest);
  });

  it('that policy lets through only with people is refused where no approval came with it, before anything is sent', async () => {
    const found = await prepared(proposal(sysId));
    const before = place.sent.length;
    expect(await place.carriedOut(await servicenowOrder({ kind: 'execute', action: UPDATE, parameters: {}, prepared: found, approval: null }))).toBeUndefined();
    expect(place.sent.slice(before)).toEqual([]);
    expect(place.entries().slice(-3).map(({ kind }) => kind)).toEqual(['order.accepted', 'call', 'order.refused']);
    expect(place.entries('call').at(-1)!.body).toMatchObject({ outcome: 'DENY', rules: expect.arrayContaining(['policy_denied_here']) as string[] });
    expect(refusals()).toEqual(['policy_denied_here']);
  });

  it.each<[string, Partial<Ordered>]>([
    ['order_signature_invalid', { signing: { signer: signingPair('wo-1') } }],
    ['order_parameters_changed', { signing: { afterwards: (order) => ({ ...order, parameters_sha256: '0'.repeat(64) }) } }],
    ['order_for_another', { changes: (order) => ({ ...order, audience: { ...order.audience, agent_id: id('agt', 'b') } }) }],
    ['order_expired', { now: new Date(Date.now() - 120_000) }],
    ['order_expired', { valid_ms: 3_600_000 }],
    ['order_action_mismatch', { changes: (order) => ({ ...order, action_digest: `sha256:${'9'.repeat(64)}` }) }],
    ['order_action_mismatch', { changes: (order) => ({ ...order, identity: { ...order.identity, call_key: 'other' } }) }],
    ['order_approval_mismatch', { approval: { ...approvalOf(`sha256:${'9'.repeat(64)}`, new Date()) } }],
    ['connection_unknown', { changes: (order) => ({ ...order, instance: { ...order.instance, name: 'other' } }) }],
    ['policy_behind', { changes: (order) => ({ ...order, policy: { ...order.policy, seq: 5 } }) }],
    ['policy_behind', { changes: (order) => ({ ...order, policy: { ...order.policy, scope: id('env', 'f') } }) }],
  ])('that is not in order (%s) sends nothing, and is told', async (refusal, more) => {
    expect(await place.runner.take(await servicenowOrder(reading(more)))).toMatchObject({ kind: 'refused', refusal });
    await place.runner.idle();
    nothingSent();
    expect(refusals()).toEqual([refusal]);
  });

  it('is not taken while policy is missing, or people have stopped the agent, or it is drained', async () => {
    place.runner.drain();
    expect(place.runner.free()).toBe(0);
    expect(await place.runner.take(await servicenowOrder(reading()))).toMatchObject({ refusal: 'draining' });
    place.runner.undrain();
    expect(place.runner.free()).toBe(8);
    await place.close();
    place = await opened({ bundle: null, folder: scratchFolder() });
    expect(await place.runner.take(await servicenowOrder(reading()))).toMatchObject({ refusal: 'policy_behind' });
    await place.close();
    place = await opened({ killSwitches: () => [{ id: 'ksw_1', scope: 'environment', reason: 'x' }] });
    expect(await place.runner.take(await servicenowOrder(reading()))).toMatchObject({ refusal: 'stopped_by_kill_switch' });
    nothingSent();
  });

  it('that people stop when it was taken already is stopped before it is sent', async () => {
    const switches: AgentKillSwitch[] = [];
    await place.close();
    place = await opened({ killSwitches: () => switches });
    const stopped = await servicenowOrder(reading());
    const intake = place.runner.take(stopped);
    await intake.then(() => switches.push({ id: 'ksw_1', scope: 'tenant', reason: 'x' }));
    await place.runner.idle();
    nothingSent();
    expect([refusals(), place.entries('outcome').map(({ body }) => (body as OutcomeBody).error?.code)].flat()).toEqual([expect.stringMatching(/stopped_by_kill_switch|order_lapsed/) as string]);
  });

  it('waits for the one before it of the same step, and lapses when its time is over by then', async () => {
    let [machine_ms, asking] = [0, 0];
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await place.close();
    const sent: string[] = [];
    const egress = counted(sent);
    place = await opened({
      machine: () => new Date(Date.now() + machine_ms),
      egress: (options) => {
        const made = egress(options);
        return { ...made, request: async (request) => {
          if ((asking += 1) === 2) reached.resolve();
          await gate.promise;
          return made.request(request);
        } };
      },
    });
    const [first, second, other] = await Promise.all([reading(), reading(), reading({ step: id('stp', 't') })].map(servicenowOrder));
    const ids = [];
    for (const envelope of [first!, second!, other!]) ids.push(orderIdOf(await place.runner.take(envelope)));
    await reached.promise;
    expect(place.runner.underWay()).toEqual(ids);
    expect(place.runner.free()).toBe(5);
    machine_ms = 61_000;
    gate.resolve();
    await place.runner.idle();
    expect(ids.map((orderId) => place.outcome(orderId)?.error?.code ?? 'done')).toEqual(['done', 'order_lapsed', 'done']);
    expect(place.outcome(ids[1]!)).toMatchObject({ state: 'failed', error: { retryable: true } });
    expect(sent).toHaveLength(2);
  });

  it('that was taken before a restart goes on after it, without the cell', async () => {
    const envelope = await servicenowOrder(reading());
    place.runner.drain();
    const { spool } = place;
    const taken = await acceptOrder({
      spool, verifier: { ...await verifier(), now: () => new Date(), connectorOf: () => servicenow }, isClockTrusted: () => true, isDraining: () => false, killSwitches: () => [], policySeq: async () => 4,
      signedAt: () => undefined, toldRefused: new RecentDigests(),
    }, envelope);
    const orderId = orderIdOf(taken);
    await place.close();
    place = await opened({ bundle: null });
    await place.runner.resume();
    await place.runner.idle();
    expect(place.outcome(orderId)).toMatchObject({ state: 'succeeded' });
    expect(await place.spool.commit((tx) => [tx.openOrders(), tx.content(orderId)])).toEqual([[], undefined]);
  });

  it('for a connection whose file of authorities is not there fails by its name, before anything is sent', async () => {
    await place.close();
    place = await opened({ connections: [{ ...connectionTo(desk.sandbox.url), ca_file: '/nowhere/ca.pem' }] });
    expect(await place.carriedOut(await servicenowOrder(reading()))).toMatchObject({ state: 'failed', error: { code: 'credential_unusable', message: expect.stringContaining('/nowhere/ca.pem') as string } });
    nothingSent();
  });

  it.each<[string, boolean, ConnectionConfig['credential']]>([
    ['The variable NOT_SET is not set.', false, { kind: 'basic', username: { env: 'SN_USER' }, password: { env: 'NOT_SET' } }],
    ['The program false of a credential ended with 1.', true, { kind: 'bearer', token: { command: ['false'] } }],
  ])('whose credential is not to be had says so by its place: %s', async (says, retryable, credential) => {
    await place.close();
    const connections = [{ ...connectionTo(desk.sandbox.url), credential }];
    place = await opened({ connections, vault: localVault(connections, { SN_USER: 'x', PATH: '/usr/bin:/bin' }, () => 0) });
    expect(await place.carriedOut(await servicenowOrder(reading()))).toMatchObject({ state: 'failed', error: { code: 'credential_unusable', retryable, message: expect.stringContaining(says) as string } });
    nothingSent();
  });

  it('leaves no credential anywhere but in what is sent to the system of record', async () => {
    const found = await prepared(proposal(sysId));
    await place.carriedOut(await servicenowOrder({ kind: 'execute', action: UPDATE, parameters: {}, prepared: found }));
    await place.close();
    place = await opened({ vault: localVault([connectionTo(desk.sandbox.url)], { SN_USER: 'countersign.integration', SN_PASSWORD: 'canary-wrong-5521' }, () => 0) });
    expect(await place.carriedOut(await servicenowOrder(reading({ step: id('stp', 't') })))).toMatchObject({ state: 'failed', error: { code: 'peer_unauthenticated' } });
    const kept = readdirSync(folder).map((file) => readFileSync(join(folder, file)).toString('latin1')).join();
    const told = JSON.stringify([place.entries(), place.lines]);
    for (const canary of [PASSWORD, 'canary-wrong-5521']) {
      for (const form of [canary, Buffer.from(`countersign.integration:${canary}`).toString('base64')]) expect([kept.includes(form), told.includes(form)]).toEqual([false, false]);
    }
    expect(kept).not.toContain('VPN drops');
  });
});

function orderIdOf(intake: Intake): string {
  expect(intake).toMatchObject({ kind: 'accepted' });
  return (intake as Extract<Intake, { kind: 'accepted' }>).verified.order.id;
}
