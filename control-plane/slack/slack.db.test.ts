import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import { ACTIONS } from './cards/button-value.ts';
import { SlackPlane } from './testing/slack-plane.ts';

/** The same story both ways in: a card, its modal, a decision, and what everybody sees afterwards. */
describe.each(['http', 'socket'] as const)('approvals in Slack by %s', (mode) => {
  let it: SlackPlane;
  let approver: TestPrincipal;
  let alex: string;

  beforeAll(async () => {
    it = await SlackPlane.start(mode);
    approver = await it.plane.principal(['approver']);
    alex = it.slack.user('alex');
    await it.link(alex, approver);
  }, 60_000);
  afterAll(() => it.stop());

  test('a card names the action and none of its arguments', async () => {
    const approval = await seedApproval(it.plane);
    const card = await it.card(approval);
    const said = JSON.stringify(card);
    for (const text of ['desk/ticket.update', 'T100%', 'prod', 'standard', approval.digest.slice(7, 19)]) expect(said).toContain(text);
    for (const text of ['network', 'ticket-1', 'category']) expect(said).not.toContain(text);
  });

  test('arguments are shown to one who is known, and approving from there decides, weaker than a session of ours', async () => {
    const approval = await seedApproval(it.plane);
    const card = await it.card(approval);
    await it.press(alex, ACTIONS.show, card);
    const modal = await it.modal(alex, 'Requested action');
    expect(modal).toContain('Category: (empty) → network');
    expect(modal).toContain(String.raw`\"category\": \"network\"`);
    await it.slack.submit(alex, {}, it.via);
    expect(await it.modal(alex, 'Counted')).toContain('the action is approved');
    expect(await it.state(approval)).toMatchObject({ state: 'approved', votes: [{ principal_id: approver.id, channel: 'slack', auth_strength: 'slack_linked', role: 'approver' }] });
    const said = await it.cardSays(card, 'Approved');
    expect(said).not.toContain(ACTIONS.approve);
  });

  test('approving from the card decides as well; a second click says that it is decided', async () => {
    const approval = await seedApproval(it.plane);
    const card = await it.card(approval);
    await it.press(alex, ACTIONS.approve, card);
    await it.modal(alex, 'Counted');
    const second = await it.plane.principal(['approver']);
    await it.link(it.slack.user('kim'), second);
    // The card as another person still sees it.
    const old = { actions: [{ type: 'button', action_id: ACTIONS.approve, block_id: 'x', value: `${approval.id}:${approval.digest}`, action_ts: '1' }] };
    const other = await it.card(await seedApproval(it.plane));
    await it.press(it.slack.user('kim'), ACTIONS.approve, other, old);
    expect(await it.modal(it.slack.user('kim'), 'Already decided')).toContain('approved');
    expect((await it.plane.auditTypes(approval.id)).filter((type) => type === 'approval.vote_cast')).toHaveLength(1);
  });

  test('a rejection asks why: an empty reason is an error in the form, a given one is kept', async () => {
    const approval = await seedApproval(it.plane);
    const card = await it.card(approval);
    await it.press(alex, ACTIONS.reject, card);
    await it.modal(alex, 'Reject');
    const empty = await it.slack.submit(alex, { reason: { reason_text: { type: 'plain_text_input', value: ' \u200b ' } } }, it.via);
    expect(empty).toEqual({ response_action: 'errors', errors: { reason: 'Say why, in a sentence.' } });
    expect((await it.state(approval))['state']).toBe('pending');
    await it.slack.submit(alex, { reason: { reason_text: { type: 'plain_text_input', value: 'Wrong group.' } } }, it.via);
    await it.modal(alex, 'Counted');
    expect(await it.state(approval)).toMatchObject({ state: 'rejected', votes: [{ decision: 'reject', reason: 'Wrong group.', channel: 'slack' }] });
    await it.cardSays(card, 'Rejected');
    await expect.poll(async () => (await it.slack.thread(it.channel, card.ts)).map(({ text }) => text), { timeout: 15_000 }).toEqual([expect.stringContaining('nothing was executed') as string]);
  });

  test('decided in the console or expired, the card says so', async () => {
    const byConsole = await seedApproval(it.plane);
    const first = await it.card(byConsole);
    const second = await it.card(await seedApproval(it.plane, { expires_ms: 5_000 }));
    const reply = await it.plane.api('POST', `/api/v1/approvals/${byConsole.id}/votes`, { key: approver.key, json: { decision: 'approve', action_digest: byConsole.digest } });
    expect(reply.status).toBe(201);
    await it.cardSays(first, 'Approved');
    await it.cardSays(second, 'Expired');
  });
});
