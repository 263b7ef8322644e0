import { afterAll, beforeAll, expect, test } from 'vitest';
import { signedInBrowser } from '../identity/testing/browser.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';
import { eventually, SlackPlane } from './testing/slack-plane.ts';
import type { SandboxMessage } from './testing/slack-stand-in.ts';

/** Cards where Slack is slow, says "later", loses answers or goes away. */
let it: SlackPlane;

beforeAll(async () => { it = await SlackPlane.start('socket'); }, 60_000);
afterAll(() => it.stop());

const cardsOf = async (approval: SeededApproval): Promise<SandboxMessage[]> => (await it.slack.messages(it.channel)).filter((message) => JSON.stringify(message.blocks ?? []).includes(approval.id));
const rowOf = (approval: SeededApproval): Promise<{ message_ts: string | null; error: string | null; waits_s: number }> => it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.one({
  name: 'test.card', text: `SELECT message_ts, error, extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS waits_s FROM control.slack_cards WHERE approval_id = $1`,
}, [approval.id]));

test('"later" is waited for, as long as Slack says', async () => {
  await it.slack.fault('chat.postMessage', 'rate_limited', 1, 3);
  const began = Date.now();
  const approval = await seedApproval(it.plane);
  await it.card(approval);
  expect(Date.now() - began).toBeGreaterThan(2_900);
  expect(await cardsOf(approval)).toHaveLength(1);
});

test('a post whose answer was lost is looked for, and not posted again', async () => {
  await it.slack.fault('chat.postMessage', 'answer_lost', 1);
  const approval = await seedApproval(it.plane);
  await it.card(approval);
  await eventually('the lost answer', async () => (await rowOf(approval)).message_ts === null);
  // A minute later somebody takes it up again.
  await it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.change({ name: 'test.age_card', text: `UPDATE control.slack_cards SET posting_since = posting_since - interval '2 minutes' WHERE approval_id = $1` }, [approval.id]));
  await eventually('the card to be found', async () => (await rowOf(approval)).message_ts !== null);
  expect(await cardsOf(approval)).toHaveLength(1);
});

test('one message a second goes to a channel', async () => {
  const approvals = await Promise.all(Array.from({ length: 4 }, () => seedApproval(it.plane)));
  const cards = await Promise.all(approvals.map((approval) => it.card(approval)));
  const times_s = cards.map(({ ts }) => Number(ts)).toSorted((a, b) => a - b);
  for (const [index, at_s] of times_s.entries()) if (index > 0) expect(at_s - (times_s[index - 1] ?? 0)).toBeGreaterThan(0.9);
});

test('a connection that Slack ends is taken up again', async () => {
  await it.slack.disconnect();
  await eventually('a new connection', async () => await it.slack.connections() > 0);
  expect((await it.slack.command(it.slack.user('alex'), 'help', 'socket')).text).toContain('/countersign link');
});

test('a channel that is not there is said, and keeps nothing else from being posted', async () => {
  const gone = { environment: 'prod', installation: it.slack.teamId, channel_id: 'C0GONE' };
  expect((await it.plane.api('PUT', '/api/v1/slack/channels', { json: gone })).status).toBe(200);
  const approval = await seedApproval(it.plane);
  await it.card(approval);
  const errors = () => it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.rows<{ error: string | null }>({ name: 'test.errors', text: `SELECT DISTINCT error FROM control.slack_cards WHERE channel_id = 'C0GONE' AND error IS NOT NULL` }));
  await expect.poll(errors, { timeout: 10_000 }).toEqual([{ error: 'channel_not_found' }]);
  expect((await it.plane.api('DELETE', `/api/v1/slack/channels/prod/${it.slack.teamId}/C0GONE`)).status).toBe(204);
});

test('two channels show one approval, and both say how it ended', async () => {
  const second = it.slack.channel('approvals-too');
  await it.plane.api('PUT', '/api/v1/slack/channels', { json: { environment: 'prod', installation: it.slack.teamId, channel_id: second } });
  const approval = await seedApproval(it.plane);
  const cards = [await it.card(approval), await it.card(approval, second)] as const;
  await it.plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { json: { decision: 'reject', reason: 'No.', action_digest: approval.digest } });
  await it.cardSays(cards[0], 'Rejected');
  await it.cardSays(cards[1], 'Rejected', second);
});

test('who breaks the glass is told of in every channel of the workspace, once, and a channel that is gone is given up', async () => {
  await it.plane.api('PUT', '/api/v1/slack/channels', { json: { environment: 'prod', installation: it.slack.teamId, channel_id: 'C0GONE' } });
  const browser = await signedInBrowser(it.plane, await it.plane.principal(['admin']));
  const { body } = await browser.api('POST', '/api/v1/break-glass', { role: 'operator', reason: 'Runs hang <!channel> and nobody is awake', duration_s: 600 });
  const alarms = () => it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.rows({
    name: 'test.alarms', text: 'SELECT channel_id, posted_at IS NOT NULL AS posted, given_up_at IS NOT NULL AS given_up, error FROM control.break_glass_alarms WHERE grant_id = $1 ORDER BY channel_id',
  }, [body['id']]));
  const wanted = [it.channel, it.slack.channel('approvals-too')].map((channel_id) => ({ channel_id, posted: true, given_up: false, error: null }));
  await expect.poll(alarms, { timeout: 15_000 }).toEqual(expect.arrayContaining([...wanted, { channel_id: 'C0GONE', posted: false, given_up: true, error: 'channel_not_found' }]));
  const told = (await it.slack.messages(it.channel)).filter(({ text }) => text?.includes('glass was broken'));
  expect(told).toHaveLength(1);
  // Why is for who did it and for who reviews it.
  expect(told[0]?.text).toMatch(/has taken the role `operator` in .+ until <!date\^\d+\^/);
  expect(told[0]?.text).not.toContain('nobody is awake');
  await it.plane.api('DELETE', `/api/v1/slack/channels/prod/${it.slack.teamId}/C0GONE`);
});

test('a control plane that was away posts and updates what it missed', async () => {
  const before = await seedApproval(it.plane);
  const card = await it.card(before);
  await it.plane.restart();
  const after = await seedApproval(it.plane);
  await it.plane.api('POST', `/api/v1/approvals/${before.id}/votes`, { json: { decision: 'approve', action_digest: before.digest } });
  await it.cardSays(card, 'Approved');
  await it.card(after);
});
