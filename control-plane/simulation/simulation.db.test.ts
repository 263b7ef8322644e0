import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { policyInput } from '../testing/policy-input.ts';
import { seedDecision } from '../testing/seeded-decision.ts';

let plane: ControlPlaneUnderTest;
let stranger: TestPrincipal;
let policyAdmin: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  stranger = await plane.principal(['admin'], await plane.otherTenant());
  policyAdmin = await plane.principal(['policy-admin']);
});
afterAll(() => plane.stop());

const simulate = (subject: Record<string, unknown>, options: { key?: string; against?: Record<string, unknown> } = {}): Promise<ApiReply> =>
  plane.api('POST', '/api/v1/policies/simulate', { json: { subject, against: options.against ?? { environment_id: plane.tenant.environmentId } }, ...(options.key === undefined ? {} : { key: options.key }) });

describe('an input', () => {
  test('gets the decision, and the lines that made it', async () => {
    const { status, body } = await simulate({ input: policyInput(plane.tenant) });
    expect([status, body]).toMatchObject([200, {
      decision: { outcome: 'REQUIRE_HITL', obligations: { tier: 'standard', required_votes: 1 } },
      explain: { source: 'bundle', reasons: [{ rule: 'itsm/write_needs_approval', file: 'packs/itsm/itsm.rego' }] },
      policy: { environment: 'prod', environment_id: plane.tenant.environmentId }, recorded: null, differs: null,
    }]);
  });

  test('that breaks its contract is refused field by field', async () => {
    const input = policyInput(plane.tenant);
    const { status, body } = await simulate({ input: { ...input, aciton: {}, environment: { id: 'env_1' }, time: 'now' } });
    expect([status, body['code']]).toEqual([422, 'policy_input_invalid']);
    expect((body['errors'] as Array<{ field: string }>).map((error) => error.field).toSorted()).toEqual(['/subject/input/aciton', '/subject/input/environment/name', '/subject/input/time']);
  });

  test('of another tenant is refused, as a decision point would', async () => {
    const { body } = await simulate({ input: { ...policyInput(plane.tenant), tenant: { id: stranger.tenantId, slug: 'x' } } });
    expect(body['errors']).toMatchObject([{ field: '/subject/input/tenant/id', code: 'other_tenant' }]);
  });
});

describe('a recorded decision', () => {
  test('is asked again, and stands beside what was recorded', async () => {
    const same = await seedDecision(plane);
    expect((await simulate({ decision_id: same.id })).body).toMatchObject({ differs: false, recorded: { id: same.id, outcome: 'REQUIRE_HITL' }, decision: { outcome: 'REQUIRE_HITL' } });
    const other = await seedDecision(plane, { outcome: 'ALLOW', reasons: [{ rule: 'itsm/write_approved', message: 'x' }] });
    expect((await simulate({ decision_id: other.id })).body).toMatchObject({ differs: true, recorded: { outcome: 'ALLOW' }, decision: { outcome: 'REQUIRE_HITL' } });
    const stricter = await seedDecision(plane, { obligations: { tier: 'standard', required_role: 'approver', required_votes: 2, deadline_ms: 86_400_000 } });
    expect((await simulate({ decision_id: stricter.id })).body).toMatchObject({ differs: true });
  });

  test('never gives away what was under seal', async () => {
    const { id } = await seedDecision(plane, { input: { parameters: { id: 'ticket-1', category: 'very secret' } } });
    for (const key of [plane.adminKey, policyAdmin.key]) {
      const reply = await simulate({ decision_id: id }, { key });
      expect(reply.body).toMatchObject({ decision: { outcome: 'REQUIRE_HITL', reasons: [{ rule: 'itsm/write_needs_approval', message: 'A person must approve this write' }], obligations: { tier: 'standard', deadline_ms: 86_400_000 } } });
      expect(reply.bytes.toString('utf8')).not.toContain('very secret');
    }
  });

  test.each([['shredded', 'decision_input_shredded'], ['none', 'decision_input_not_kept']] as const)('whose input is %s says so', async (inputState, code) => {
    const { id } = await seedDecision(plane, { inputState });
    const reply = await simulate({ decision_id: id });
    expect([reply.status, reply.body['code']]).toEqual([409, code]);
  });

  test('recorded under another contract says what is missing', async () => {
    const { id } = await seedDecision(plane, { input: { former_field: 1 } as never });
    const reply = await simulate({ decision_id: id });
    expect([reply.status, reply.body['errors']]).toMatchObject([422, [{ field: '/subject/decision_id', code: 'outdated', message: expect.stringContaining('/former_field') }]]);
  });

  test('of another tenant does not exist', async () => {
    const { id } = await seedDecision(plane);
    const reply = await simulate({ decision_id: id }, { key: stranger.key, against: { environment_id: stranger.environmentId } });
    expect([reply.status, reply.body['code']]).toEqual([404, 'not_found']);
  });
});

describe('what it is asked of', () => {
  test.each([
    [{}, 422, 'policy_reference_invalid'], [{ layer: 'tenant' }, 422, 'policy_reference_invalid'], [{ layer: 'tenant', version: 1 }, 422, 'policy_reference_invalid'],
    [{ draft_id: 'pdr_x', environment_id: 'env_x' }, 422, 'policy_reference_invalid'], [{ draft_id: newId('policy_draft') }, 404, 'not_found'], [{ release_id: newId('policy_release') }, 404, 'not_found'],
    [{ environment_id: newId('environment') }, 422, 'policy_environment_unknown'],
  ])('%j is refused', async (against, status, code) => {
    const reply = await simulate({ input: policyInput(plane.tenant) }, { against });
    expect([reply.status, reply.body['code']]).toEqual([status, code]);
  });

  test('is never another tenant\'s', async () => {
    const reply = await simulate({ input: policyInput(plane.tenant) }, { against: { environment_id: stranger.environmentId } });
    expect(reply.body['code']).toBe('policy_environment_unknown');
  });
});
