import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { AUDITED_REFUSALS, RateLimit } from '../cell/rate-limit.ts';
import { Authenticator } from '../identity/authenticator.ts';
import type { Notifier } from '../live/notifier.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import { Approvals } from './approvals.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let approver: TestPrincipal;

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  approver = await plane.principal(['approver']);
});
afterAll(() => plane.stop());

const vote = (approval: SeededApproval, key: string, changes: Record<string, unknown> = {}): Promise<ApiReply> =>
  plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key, json: { decision: 'approve', action_digest: approval.digest, ...changes } });
const read = async (approval: SeededApproval, key?: string): Promise<Record<string, unknown>> => (await plane.api('GET', `/api/v1/approvals/${approval.id}`, key === undefined ? {} : { key })).body;

/** Nothing changed but the audit, which says who was refused and why. */
async function expectRefused(reply: ApiReply, status: number, code: string, approval: SeededApproval, state: string): Promise<void> {
  expect({ status: reply.status, code: reply.body['code'] }).toEqual({ status, code });
  const refused = (await plane.auditEvents()).filter((event) => event.subject.id === approval.id && event.type === 'approval.vote_refused');
  expect(refused.at(-1)?.data['code']).toBe(code);
  expect((await read(approval))['state']).toBe(state);
}

test('an approval shows exactly what would be executed, and who may vote', async () => {
  const approval = await seedApproval(plane);
  expect(await read(approval, approver.key)).toMatchObject({
    state: 'pending', may_vote: true, may_not_vote_because: null, action_document: { parameters: { category: 'network' } },
    preview: { fields: [{ name: 'category', before: '', after: 'network' }] },
  });
  const list = await plane.api('GET', `/api/v1/approvals?state=pending&run_id=${approval.runId}`, { key: approver.key });
  expect((list.body['items'] as Array<{ id: string }>).map((item) => item.id)).toEqual([approval.id]);
});

test('roles that may not see content get the metadata only', async () => {
  const approval = await seedApproval(plane);
  for (const role of ['viewer', 'auditor'] as const) {
    const { key } = await plane.principal([role]);
    const seen = await read(approval, key);
    expect(seen).toMatchObject({ action_document: {}, may_vote: false, preview: { fields: [], additions: [] } });
    expect(JSON.stringify(seen)).not.toContain('network');
  }
});

test('the first vote that is enough decides, audited, and everybody is told', async () => {
  const approval = await seedApproval(plane);
  const heard = Promise.withResolvers<string>();
  const listener = new Listener(plane.database.executionUrl, { countersign_approvals: (payload) => heard.resolve(payload) }, () => undefined);
  await listener.start();
  const reply = await vote(approval, approver.key);
  expect(reply.status).toBe(201);
  expect(reply.body['approval']).toMatchObject({ state: 'approved', may_vote: false, votes: [{ principal_id: approver.id, role: 'approver', decision: 'approve', auth_strength: 'api_key', channel: 'api' }] });
  expect(await heard.promise).toBe(approval.id);
  await listener.stop();
  expect(await plane.auditTypes(approval.id)).toEqual(['approval.vote_cast', 'approval.state_changed']);
  const cast = (await plane.auditEvents()).find((event) => event.subject.id === approval.id && event.type === 'approval.vote_cast');
  expect(cast?.data).toMatchObject({ action_digest: approval.digest, role: 'approver' });
});

test('two people must differ where two votes are asked for', async () => {
  const approval = await seedApproval(plane, { votes: 2 });
  expect((await vote(approval, approver.key)).body['approval']).toMatchObject({ state: 'pending' });
  await expectRefused(await vote(approval, approver.key), 409, 'vote_already_cast', approval, 'pending');
  const second = await plane.principal(['approver']);
  expect((await vote(approval, second.key)).body['approval']).toMatchObject({ state: 'approved' });
});

test('one rejection is enough, and needs a reason', async () => {
  const approval = await seedApproval(plane, { votes: 2 });
  await expectRefused(await vote(approval, approver.key, { decision: 'reject' }), 400, 'request_invalid', approval, 'pending');
  expect((await vote(approval, approver.key, { decision: 'reject', reason: 'Wrong group.' })).body['approval']).toMatchObject({ state: 'rejected' });
});

describe('a vote that does not count', () => {
  test('by someone without the role, whatever else they may do', async () => {
    const approval = await seedApproval(plane);
    const others = await plane.principal(EVERY_ROLE.filter((role) => role !== 'approver'));
    await expectRefused(await vote(approval, others.key), 403, 'approval_role_required', approval, 'pending');
  });

  test('by a machine', async () => {
    const approval = await seedApproval(plane);
    const machine = await plane.principal(['approver'], plane.tenant, 'service');
    await expectRefused(await vote(approval, machine.key), 403, 'approval_role_required', approval, 'pending');
  });

  test('by the one who requested it', async () => {
    const approval = await seedApproval(plane, { requestedBy: approver.id });
    await expectRefused(await vote(approval, approver.key), 403, 'approval_own_request', approval, 'pending');
  });

  test('by whoever made the key of the program that requested it', async () => {
    const [maker, program] = [await plane.principal(['admin', 'approver']), await plane.principal(['operator'], plane.tenant, 'service')];
    expect((await plane.api('POST', '/api/v1/api-keys', { key: maker.key, json: { name: 'mine', principal_id: program.id } })).status).toBe(201);
    const approval = await seedApproval(plane, { requestedBy: program.id });
    expect(await read(approval, maker.key)).toMatchObject({ may_vote: false });
    await expectRefused(await vote(approval, maker.key), 403, 'approval_own_request', approval, 'pending');
    expect((await vote(approval, approver.key)).status).toBe(201);
  });

  test('while the tenant is not served here, by whichever way the vote comes', async () => {
    const approval = await seedApproval(plane);
    const principal = await new Authenticator(plane.database.control).byBearer(approver.key);
    const suspended = new ApiError('tenant_suspended', 'Whoever runs the cell has suspended the tenant.');
    const notifier = { approval: () => expect.unreachable(), changed: () => expect.unreachable() } as unknown as Notifier;
    const approvals = new Approvals({
      database: plane.database.control, keys: plane.keys, clock: systemClock, notifier, refusals: new RateLimit(systemClock, AUDITED_REFUSALS), tenantStates: { refuseUnlessServed: () => Promise.reject(suspended) },
    });
    await expect(approvals.vote(principal!, approval.id, { decision: 'approve', action_digest: approval.digest }, newId('request'))).rejects.toBe(suspended);
    expect((await read(approval))['votes']).toEqual([]);
  });

  test('on another digest: the current one is named', async () => {
    const approval = await seedApproval(plane);
    const reply = await vote(approval, approver.key, { action_digest: `sha256:${'0'.repeat(64)}` });
    await expectRefused(reply, 409, 'approval_digest_stale', approval, 'pending');
    expect(reply.body['current_action_digest']).toBe(approval.digest);
  });

  test('on a decided request', async () => {
    const approval = await seedApproval(plane);
    await vote(approval, approver.key);
    await expectRefused(await vote(approval, (await plane.principal(['approver'])).key, { decision: 'reject', reason: 'Too late.' }), 409, 'approval_already_decided', approval, 'approved');
  });

  test('on an expired request, which the vote itself expires when the sweeper has not', async () => {
    const approval = await seedApproval(plane, { expires_ms: -1 });
    await expectRefused(await vote(approval, approver.key), 409, 'approval_expired', approval, 'expired');
    expect((await plane.auditTypes(approval.id)).filter((type) => type === 'approval.state_changed')).toHaveLength(1);
  });

  test('from another tenant: the approval is not there', async () => {
    const approval = await seedApproval(plane);
    const stranger = await plane.principal(EVERY_ROLE, await plane.otherTenant());
    const unknown = await plane.api('POST', `/api/v1/approvals/${approval.id.slice(0, -4)}0000/votes`, { key: stranger.key, json: { decision: 'approve', action_digest: approval.digest } });
    const reply = await vote(approval, stranger.key);
    expect(comparable(reply)).toEqual(comparable(unknown));
    expect(reply.status).toBe(404);
    expect((await plane.api('GET', `/api/v1/approvals/${approval.id}`, { key: stranger.key })).status).toBe(404);
    expect((await plane.api('GET', '/api/v1/approvals', { key: stranger.key })).body['items']).toEqual([]);
    expect(await plane.auditTypes(approval.id)).toEqual([]);
  });

  test('with fields that the contract does not know, or without a digest', async () => {
    const approval = await seedApproval(plane);
    for (const changes of [{ force: true }, { action_digest: undefined }, { decision: 'maybe' }, { action_digest: approval.digest.toUpperCase() }]) {
      expect((await vote(approval, approver.key, changes)).body['code']).toBe('request_invalid');
    }
    expect((await read(approval))['votes']).toEqual([]);
  });

  test('on an action whose stored bytes are not those of the digest', async () => {
    const approval = await seedApproval(plane, { alter: true });
    const reply = await vote(approval, approver.key);
    expect([reply.status, reply.body['code']]).toEqual([500, 'internal']);
    expect(JSON.stringify(reply.body)).not.toContain('ticket-2');
    expect(await plane.auditTypes(approval.id)).toEqual([]);
  });
});

test('of twenty votes at once one decides and nineteen are told so', async () => {
  const approval = await seedApproval(plane);
  const voters = await Promise.all(Array.from({ length: 20 }, () => plane.principal(['approver'])));
  const replies = await Promise.all(voters.map((voter, index) => vote(approval, voter.key, index % 2 === 0 ? {} : { decision: 'reject', reason: 'No.' })));
  expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
  expect(new Set(replies.filter((reply) => reply.status !== 201).map((reply) => reply.body['code']))).toEqual(new Set(['approval_already_decided']));
  const types = await plane.auditTypes(approval.id);
  expect(types.filter((type) => type === 'approval.vote_cast')).toHaveLength(1);
  expect(types.filter((type) => type === 'approval.state_changed')).toHaveLength(1);
  expect(types.filter((type) => type === 'approval.vote_refused')).toHaveLength(19);
});

test('one person voting twenty times at once has one vote', async () => {
  const approval = await seedApproval(plane, { votes: 5 });
  const replies = await Promise.all(Array.from({ length: 20 }, () => vote(approval, approver.key)));
  expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
  expect(((await read(approval))['votes'] as unknown[]).length).toBe(1);
});

test('what nobody decides in time expires by itself, audited once', async () => {
  const approval = await seedApproval(plane, { expires_ms: 50 });
  await expect.poll(async () => (await plane.auditTypes(approval.id)), { timeout: 10_000 }).toEqual(['approval.state_changed']);
  expect(await read(approval)).toMatchObject({ state: 'expired', may_vote: false });
});

function comparable(reply: ApiReply): unknown {
  const { request_id: _id, instance: _instance, ...rest } = reply.body;
  return [reply.status, rest];
}
