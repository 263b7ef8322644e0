import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedQuestion } from '../testing/seeded-dead-letter.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let approver: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  approver = await plane.principal(['approver']);
});
afterAll(() => plane.stop());

const vote = (approval: SeededApproval, json: Record<string, unknown>, key = approver.key): Promise<ApiReply> =>
  plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key, json: { action_digest: approval.digest, ...json } });

test('what a person is asked names what was sent, when and by which worker, and why nobody can tell', async () => {
  const question = await seedQuestion(plane);
  const { body } = await plane.api('GET', `/api/v1/approvals/${question.id}`, { key: approver.key });
  expect(body).toMatchObject({
    kind: 'outcome', state: 'pending', answer: null, may_vote: true, action_digest: question.digest, action_document: { parameters: { category: 'network' } },
    sent: { call_id: question.callId, idempotency_key: question.callId, worker: 'worker-9', attempt: 1, error: { code: 'outcome_unknown' } },
  });
});

test.each(['happened', 'did_not_happen'])('%s, said with a reason, is the answer and is audited', async (decision) => {
  const question = await seedQuestion(plane);
  const unreasoned = await vote(question, { decision });
  expect([unreasoned.status, unreasoned.body['errors']]).toMatchObject([400, [{ field: '/reason', code: 'required' }]]);
  const { status, body } = await vote(question, { decision, reason: 'I looked at the ticket' });
  expect([status, body['approval']]).toMatchObject([201, { state: 'answered', answer: decision, may_vote: false, votes: [{ decision, principal_id: approver.id }] }]);
  expect((await vote(question, { decision: 'happened', reason: 'I looked, too' }, (await plane.principal(['approver'])).key)).body['code']).toBe('approval_already_decided');
  const changed = (await plane.auditEvents()).find((event) => event.subject.id === question.id && event.type === 'approval.state_changed');
  expect(changed?.data).toMatchObject({ from: 'pending', to: 'answered', answer: decision, call_id: question.callId });
});

test('an outcome is not approved, an action is not said to have happened', async () => {
  const [question, action] = [await seedQuestion(plane), await seedApproval(plane)];
  for (const [approval, decision] of [[question, 'approve'], [question, 'reject'], [action, 'happened']] as const) {
    const reply = await vote(approval, { decision, reason: 'because' });
    expect([reply.status, reply.body['errors']]).toMatchObject([400, [{ field: '/decision' }]]);
  }
});

test('neither without the role, nor by who requested it', async () => {
  const question = await seedQuestion(plane, { requestedBy: approver.id });
  expect((await vote(question, { decision: 'happened', reason: 'I did it' })).body['code']).toBe('approval_own_request');
  expect((await vote(question, { decision: 'happened', reason: 'I did it' }, (await plane.principal(['operator'])).key)).body['code']).toBe('approval_role_required');
});
