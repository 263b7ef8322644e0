import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WITHHELD } from '../simulation/withheld.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { policyInput } from '../testing/policy-input.ts';
import { seedDecision } from '../testing/seeded-decision.ts';

/** Policy that nobody has released, asked on one question and over a recorded day. Needs OPA, which the set-up of the tests brings. */
let plane: ControlPlaneUnderTest;
let policyAdmin: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  policyAdmin = await plane.principal(['policy-admin']);
});
afterAll(() => plane.stop());

const rego = (body: string): string => `package countersign.tenant\n\nverdicts contains verdict if {\n${body.split('\n').map((line) => `\t${line}\n`).join('')}}\n`;
const denial = (rule: string, message: string): string => `verdict := {\n\t"outcome": "DENY",\n\t"rule": "${rule}",\n\t"message": ${message},\n\t"obligations": {},\n}`;

async function draft(source: string): Promise<{ id: string; stack_digest: string }> {
  const reply = await plane.api('POST', '/api/v1/policies/tenant/drafts', { json: { files: { 'tenant.rego': source }, environment_id: plane.tenant.environmentId } });
  expect([reply.status, (reply.body['report'] as { problems: Array<{ severity: string }> }).problems.filter((one) => one.severity === 'error')]).toEqual([201, []]);
  return reply.body as unknown as { id: string; stack_digest: string };
}

const NO_NETWORK = rego(`input.parameters.category == "network"\n${denial('tenant/no_network', '"Nothing about the network"')}`);

test('a draft is asked about one input and about a recorded decision, and shows its own lines', async () => {
  const { id, stack_digest } = await draft(NO_NETWORK);
  const recorded = await seedDecision(plane);
  for (const subject of [{ input: policyInput(plane.tenant) }, { decision_id: recorded.id }]) {
    const reply = await plane.api('POST', '/api/v1/policies/simulate', { json: { subject, against: { draft_id: id } } });
    expect(reply.body).toMatchObject({
      decision: { outcome: 'DENY', reasons: [{ rule: 'tenant/no_network', message: 'Nothing about the network' }] }, policy: { stack_digest, environment: 'prod' },
      explain: { source: 'bundle', reasons: [{ rule: 'tenant/no_network', layer: 'tenant', file: 'tenant/tenant.rego', lines: expect.arrayContaining([{ line: 4, text: '\tinput.parameters.category == "network"' }]) }] },
    });
  }
});

test('what a draft makes of a sealed input reaches nobody who may not see content', async () => {
  const { id } = await draft(rego(`message := concat(" ", ["It says", input.parameters.category])\n${denial('tenant/says', 'message')}`));
  const recorded = await seedDecision(plane, { input: { parameters: { id: 'ticket-1', category: 'very secret' } } });
  const ask = (key: string): Promise<ApiReply> => plane.api('POST', '/api/v1/policies/simulate', { json: { subject: { decision_id: recorded.id }, against: { draft_id: id } }, key });
  const reply = await ask(policyAdmin.key);
  expect(reply.body).toMatchObject({ decision: { outcome: 'DENY', reasons: [{ rule: 'tenant/says', message: WITHHELD }] } });
  expect(reply.bytes.toString('utf8')).not.toContain('very secret');
  expect((await ask(plane.adminKey)).body).toMatchObject({ decision: { reasons: [{ message: 'It says very secret' }] } });
});

describe('a replay', () => {
  const at = (day: number, second: number): Date => new Date(Date.UTC(2026, 6, day, 0, 0, second));
  const replayed = async (draftId: string, day: number): Promise<Record<string, unknown>> => {
    const { environmentId: environment_id } = plane.tenant;
    const begun = await plane.api('POST', '/api/v1/policy-replays', { json: { against: { draft_id: draftId }, environment_id, from: at(day, 0).toISOString(), to: at(day + 1, 0).toISOString() }, key: policyAdmin.key });
    expect(begun.status).toBe(202);
    const path = `/api/v1/policy-replays/${String(begun.body['id'])}`;
    await expect.poll(async () => (await plane.api('GET', path)).body['state'], { timeout: 30_000 }).not.toMatch(/queued|running/);
    return (await plane.api('GET', path)).body;
  };

  test('of a draft is a replay of exactly the stack that it would become', async () => {
    const { id, stack_digest } = await draft(NO_NETWORK);
    for (let second = 0; second < 4; second += 1) await seedDecision(plane, { decidedAt: at(1, second), ...(second === 0 ? { input: { parameters: { category: 'hardware' } } } : {}) });
    expect(await replayed(id, 1)).toMatchObject({
      state: 'succeeded', stack_digest,
      report: { figures: { replayed: 4, changed: 3, newly_denied_runs: 3, approvals_no_longer_needed: 3, extra_approvals: 0 }, groups: [{ rule: 'tenant/no_network', from: 'REQUIRE_HITL', to: 'DENY', count: 3, runs: 3 }] },
    });
  }, 60_000);

  test('counts anew what a policy reads counters of that nobody had counted', async () => {
    const { action } = policyInput(plane.tenant);
    const { id } = await draft(rego(`input.counters.action.minute >= 3\nverdict := {\n\t"outcome": "THROTTLE",\n\t"rule": "tenant/three_a_minute",\n\t"message": "Three a minute",\n\t"obligations": {"rate": {"count": 3, "per_ms": 60000}},\n}`));
    const reads = { outcome: 'ALLOW' as const, reasons: [{ rule: 'itsm/read_allowed', message: 'x' }], input: { action: { ...action, name: 'ticket.get', risk: 'read' as const } } };
    // Two of the hour before the period, five within a minute of it, one after that minute.
    for (const decidedAt of [at(7, -30), at(7, -20), at(7, 0), at(7, 1), at(7, 2), at(7, 3), at(7, 90)]) await seedDecision(plane, { ...reads, decidedAt });
    expect(await replayed(id, 7)).toMatchObject({
      state: 'succeeded', report: { figures: { replayed: 5, changed: 3 }, not_replayed: { facts_missing: 0 }, groups: [{ rule: 'tenant/three_a_minute', from: 'ALLOW', to: 'THROTTLE', count: 3 }] },
    });
  }, 60_000);

  test('names no rule that was made from what was asked', async () => {
    const { id } = await draft(rego(`rule := concat("/", ["tenant", input.parameters.category])\nverdict := {\n\t"outcome": "DENY",\n\t"rule": rule,\n\t"message": "No",\n\t"obligations": {},\n}`));
    await seedDecision(plane, { decidedAt: at(3, 1), input: { parameters: { category: 'secret' } } });
    const replay = await replayed(id, 3);
    expect(replay).toMatchObject({ state: 'succeeded', report: { figures: { changed: 1 } } });
    expect(JSON.stringify(replay)).not.toContain('secret');
  }, 60_000);

  test('of a policy that does not come to an end counts what would be denied for it, and ends', async () => {
    const { id } = await draft(rego(`input.parameters.category == "endless"\nmany := numbers.range(1, 20000)\ncount([1 | some x in many; some y in many; x + y == 0]) == 0\n${denial('tenant/slow', '"Slow"')}`));
    for (let second = 0; second < 2; second += 1) await seedDecision(plane, { decidedAt: at(5, second), input: { parameters: { category: 'endless' } } });
    const { state, report } = await replayed(id, 5);
    expect({ state, report }).toMatchObject({ state: 'succeeded', report: { figures: { replayed: 0, changed: 0, newly_denied_runs: 2 }, not_replayed: { failed: 2 } } });
    // The second of two at once may find the policy being stopped because of the first.
    const { groups } = report as { groups: Array<{ count: number }> };
    for (const group of groups) expect(group).toMatchObject({ rule: expect.stringMatching(/^policy_(timeout|error)$/) as string, from: 'REQUIRE_HITL', to: 'DENY' });
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  }, 60_000);
});
