import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';
import { ACTIONS } from './cards/button-value.ts';
import { SlackPlane } from './testing/slack-plane.ts';
import type { SandboxMessage } from './testing/slack-stand-in.ts';

/** Clicks that must not count, by who clicked and on what. */
let it: SlackPlane;
let approver: TestPrincipal;
let alex: string;
let kim: string;

beforeAll(async () => {
  it = await SlackPlane.start('socket');
  approver = await it.plane.principal(['approver']);
  [alex, kim] = [it.slack.user('alex'), it.slack.user('kim')];
  await it.link(alex, approver);
}, 60_000);
afterAll(() => it.stop());

async function cardOf(options: Parameters<typeof seedApproval>[1] = {}): Promise<[SeededApproval, SandboxMessage]> {
  const approval = await seedApproval(it.plane, options);
  return [approval, await it.card(approval)];
}

const statement = (name: string, text: string) => ({ name, text });

async function expectNothingHappened(approval: SeededApproval): Promise<void> {
  expect(await it.state(approval)).toMatchObject({ state: 'pending', votes: [] });
}

async function lastRefusal(type: string): Promise<unknown> {
  return (await it.plane.auditEvents()).filter((event) => event.type === type).at(-1)?.data['code'];
}

test('of somebody who is not linked: neither the arguments nor a vote', async () => {
  const [approval, card] = await cardOf();
  for (const action of [ACTIONS.show, ACTIONS.approve, ACTIONS.reject]) {
    await it.press(kim, action, card);
    expect(await it.modal(kim, 'Not counted')).toContain('/countersign link');
  }
  await expectNothingHappened(approval);
  expect(await lastRefusal('slack.click_refused')).toBe('not_linked');
});

test.each<[string, Record<string, unknown>, string]>([
  ['a guest of several channels', { is_restricted: true }, 'guest'],
  ['a guest of one channel', { is_ultra_restricted: true }, 'guest'],
  ['a member of another team', { team_id: 'T0OTHER' }, 'other_team'],
  ['a stranger', { is_stranger: true }, 'other_team'],
  ['one who has left', { deleted: true }, 'not_a_member'],
  ['a bot', { is_bot: true }, 'not_a_member'],
])('of %s, though linked', async (_name, fields, code) => {
  const [approval, card] = await cardOf();
  await it.slack.override(alex, fields);
  await it.press(alex, ACTIONS.approve, card);
  await it.modal(alex, 'Not counted');
  await it.slack.override(alex, {});
  await expectNothingHappened(approval);
  expect(await lastRefusal('slack.click_refused')).toBe(code);
});

test('of a person from another company in a shared channel', async () => {
  const [approval, card] = await cardOf();
  await it.press(alex, ACTIONS.approve, card, { user: { id: alex, team_id: 'T0OTHER', name: 'alex' } });
  await it.modal(alex, 'Not counted');
  await expectNothingHappened(approval);
});

test('from a workspace that the app is not installed in', async () => {
  const [approval, card] = await cardOf();
  await it.press(alex, ACTIONS.approve, card, { team: { id: 'T0OTHER', domain: 'x' } });
  await expectNothingHappened(approval);
});

test('after Slack did not say who it was', async () => {
  const [approval, card] = await cardOf();
  await it.slack.fault('users.info', 'server_error', 3);
  await it.press(alex, ACTIONS.approve, card);
  expect(await it.modal(alex, 'Not counted')).toContain('did not say who you are');
  await expectNothingHappened(approval);
});

test('with a role that was taken away since the card was posted', async () => {
  const person = await it.plane.principal(['approver']);
  await it.link(kim, person);
  const [approval, card] = await cardOf();
  await it.press(kim, ACTIONS.show, card);
  await it.modal(kim, 'Requested action');
  await it.plane.database.control.forTenant(person.tenantId, (tx) => tx.change(statement('test.take_role', 'DELETE FROM control.role_assignments WHERE tenant_id = $1 AND principal_id = $2'), [person.tenantId, person.id]));
  await it.slack.submit(kim, {}, it.via);
  expect(await it.modal(kim, 'Not counted')).toContain('the role approver');
  await expectNothingHappened(approval);
  expect(await lastRefusal('approval.vote_refused')).toBe('approval_role_required');
  // What they may not decide they may not read either.
  await it.press(kim, ACTIONS.show, card);
  expect(await it.modal(kim, 'Requested action')).not.toContain('network');
  await it.plane.api('DELETE', `/api/v1/slack/links/${it.slack.teamId}/${kim}`);
});

test('of the one who requested it', async () => {
  const [approval, card] = await cardOf({ requestedBy: approver.id });
  await it.press(alex, ACTIONS.approve, card);
  expect(await it.modal(alex, 'Not counted')).toContain('another person must decide');
  await expectNothingHappened(approval);
});

describe('with a value that the card did not have', () => {
  const valued = (value: string): Record<string, unknown> => ({ actions: [{ type: 'button', action_id: ACTIONS.approve, block_id: 'x', value, action_ts: '1' }] });

  test('a digest of another action', async () => {
    const [approval, card] = await cardOf();
    await it.press(alex, ACTIONS.approve, card, valued(`${approval.id}:sha256:${'0'.repeat(64)}`));
    await it.modal(alex, 'Out of date');
    await expectNothingHappened(approval);
  });

  test('an approval of another tenant', async () => {
    const other = await it.plane.otherTenant();
    const theirs = await seedApproval(it.plane, { tenant: other });
    const theirVoter = await it.plane.principal(['approver'], other);
    const [, card] = await cardOf();
    await it.press(alex, ACTIONS.approve, card, valued(`${theirs.id}:${theirs.digest}`));
    expect(await it.modal(alex, 'Not counted')).toContain('no such approval');
    const seen = await it.plane.api('GET', `/api/v1/approvals/${theirs.id}`, { key: theirVoter.key });
    expect(seen.body).toMatchObject({ state: 'pending', votes: [] });
  });

  test.each(['', 'apr_1:sha256:1', 'x'.repeat(2_000)])('%j', async (value) => {
    const [approval, card] = await cardOf();
    await it.press(alex, ACTIONS.approve, card, valued(value));
    await it.modal(alex, 'Not counted');
    await expectNothingHappened(approval);
  });
});

test('a step-up tier is decided in the console: the card has a link and no vote, and a forged click is refused', async () => {
  const [approval, card] = await cardOf({ tier: 'critical' });
  const blocks = JSON.stringify(card.blocks);
  expect([blocks.includes(ACTIONS.approve), blocks.includes('Sign in and decide')]).toEqual([false, true]);
  await it.press(alex, ACTIONS.show, card, { actions: [{ type: 'button', action_id: ACTIONS.approve, block_id: 'x', value: `${approval.id}:${approval.digest}`, action_ts: '1' }] });
  await it.modal(alex, 'Sign in to decide');
  await expectNothingHappened(approval);
  const reply = await it.plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: approver.key, json: { decision: 'approve', action_digest: approval.digest } });
  expect(reply.body['approval']).toMatchObject({ state: 'approved' });
});

test('where policy asks for a step up a click decides nothing, however weak the sign-in may be that it asks for', async () => {
  for (const minStrength of ['link', 'slack_linked']) {
    const [approval, card] = await cardOf({ signIn: { minStrength, maxAgeMs: 600_000 } });
    const blocks = JSON.stringify(card.blocks);
    expect([blocks.includes(ACTIONS.approve), blocks.includes('Sign in and decide')]).toEqual([false, true]);
    await it.press(alex, ACTIONS.show, card, { actions: [{ type: 'button', action_id: ACTIONS.approve, block_id: 'x', value: `${approval.id}:${approval.digest}`, action_ts: '1' }] });
    expect(await it.modal(alex, 'Sign in to decide')).toContain('Open the console');
    await expectNothingHappened(approval);
  }
});

test('ten clicks and ten votes at once: one decision, and everybody else hears of it', async () => {
  const [approval, card] = await cardOf();
  const others = await Promise.all(Array.from({ length: 10 }, () => it.plane.principal(['approver'])));
  const votes = others.map((one) => it.plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: one.key, json: { decision: 'reject', reason: 'No.', action_digest: approval.digest } }));
  const clicks = Array.from({ length: 10 }, () => it.press(alex, ACTIONS.approve, card));
  const replies = await Promise.all(votes);
  await Promise.all(clicks);
  await expect.poll(async () => (await it.state(approval))['state']).not.toBe('pending');
  const types = await it.plane.auditTypes(approval.id);
  expect(types.filter((type) => type === 'approval.vote_cast')).toHaveLength(1);
  expect(types.filter((type) => type === 'approval.state_changed')).toHaveLength(1);
  expect((await it.state(approval))['votes']).toHaveLength(1);
  expect(replies.filter((reply) => reply.status === 201).length).toBeLessThanOrEqual(1);
});

test('what roles of content may see is what the console shows them: a viewer gets no arguments', async () => {
  const viewer = await it.plane.principal(EVERY_ROLE.filter((role) => role === 'viewer'));
  await it.link(kim, viewer);
  const [, card] = await cardOf();
  await it.press(kim, ACTIONS.show, card);
  const modal = await it.modal(kim, 'Requested action');
  expect(modal).not.toContain('network');
  expect((await it.slack.view(kim))?.submit ?? null).toBeNull();
});
