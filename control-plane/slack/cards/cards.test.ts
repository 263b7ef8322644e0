import { describe, expect, test } from 'vitest';
import type { ApprovalView } from '../../approvals/approval-view.ts';
import { escapeMrkdwn, label, shownText, whatIsMissing } from '../safe-text.ts';
import { buttonValue, parseButtonValue } from './button-value.ts';
import { approvalCard } from './card.ts';
import { homeOf } from './home.ts';
import { actionModal } from './modals.ts';
import { outcomeText } from './outcome.ts';
import type { CardFacts, OutcomeRow } from './queries.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const id = 'apr_01m7ycgr0mfqb9b82cyb208wwj';
const NASTY = '<!channel> <https://evil.example|here> & *bold* \u202eevil\u202c z\u200bw \u{e0041}tag';

const facts = (changes: Partial<CardFacts> = {}): CardFacts => ({
  id, kind: 'action', answer: null, workspace_id: 'wsp', run_id: 'run_1', action: 'servicenow/incident.update', action_title: 'Update an incident', action_digest: digest, environment: 'prod',
  subject_label: 'INC1', tier: 'standard', required_role: 'approver', required_votes: 1, votes_for: 0, requester: 'Workflow runtime', requested_at: new Date(0),
  expires_at: new Date(86_400_000), decided_at: null, state: 'pending', step_up: false, min_strength: null, max_sign_in_age_ms: null, decided_by: null, decided_in: null, ...changes,
});

const view = (changes: Partial<ApprovalView> = {}): ApprovalView => ({
  id, run_id: 'run_1', step_key: 'update', action: 'servicenow/incident.update', action_digest: digest, subject: null, state: 'pending', tier: 'standard', required_role: 'approver',
  required_votes: 1, min_strength: null, max_sign_in_age_ms: null, requested_at: '', expires_at: '', decided_at: null, consumed_at: null, votes: [], may_vote: true, may_not_vote_because: null,
  preview: { title: 'x', fields: [{ name: 'a', label: 'A', before: '', after: 'b' }], additions: [] }, action_document: { parameters: { a: 'b' } } as unknown as Record<string, never>, ...changes,
});

interface Block { readonly type: string; readonly text?: { readonly type: string; readonly text: string }; readonly elements?: ReadonlyArray<{ readonly type: string; readonly text?: unknown }> }

/** Everything that Slack would parse as mrkdwn. */
function parsedByslack(blocks: unknown): string {
  const texts: string[] = [];
  JSON.stringify(blocks, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'mrkdwn' && 'text' in value) texts.push(String(value.text));
    return value;
  });
  return texts.join('\n');
}

describe('texts from outside', () => {
  test('lose what cannot be seen, and that is said', () => {
    const shown = shownText(NASTY, 1_000);
    expect(shown.text).toBe('<!channel> <https://evil.example|here> & *bold* evil zw tag');
    expect(whatIsMissing(shown)).toBe('4 invisible characters were taken out.');
    expect(whatIsMissing(shownText('abc', 2))).toBe('1 more characters are not shown here.');
    expect(whatIsMissing(shownText('a\tb\nc', 10))).toBeNull();
    expect(shownText('a\u0000\ud800b\ufeff\u2028\u00ad\ufe0f', 10).text).toBe('a\ufffdb');
  });

  test('are cut by characters, never inside of one', () => {
    expect(shownText('😀😀😀', 2)).toEqual({ text: '😀😀', removed_count: 0, cut_count: 1 });
    expect(label('😀😀😀', 2)).toBe('😀…');
  });

  test('are never links or mentions', () => {
    expect(escapeMrkdwn('<!here>&')).toBe('&lt;!here&gt;&amp;');
  });
});

describe('a card', () => {
  test('lets Slack parse nothing that came from outside', () => {
    for (const state of ['pending', 'approved'] as const) {
      const card = approvalCard(facts({ state, subject_label: NASTY, requester: NASTY, action_title: NASTY, tier: NASTY, decided_by: NASTY, decided_in: 'slack' }), 'http://localhost');
      expect(parsedByslack(card.blocks)).not.toMatch(/<!channel>|<https/);
      expect(card.text).not.toMatch(/<|>/);
      expect(JSON.stringify(card)).not.toMatch(/[\u200b\u202e]/);
    }
  });

  test('stays within what Slack takes, whatever it is about', () => {
    const long = 'x'.repeat(5_000);
    const card = approvalCard(facts({ subject_label: long, requester: long, action_title: long, action: long, tier: long, required_role: long }), 'http://localhost');
    for (const block of card.blocks as Block[]) expect((block.text?.text ?? '').length).toBeLessThanOrEqual(300);
    expect(JSON.stringify(card).length).toBeLessThan(5_000);
  });

  test('has buttons while it waits, a link where Slack is not enough, and nothing afterwards', () => {
    const typesOf = (changes: Partial<CardFacts>): string => JSON.stringify(approvalCard(facts(changes), 'http://localhost').blocks.filter((block) => block.type === 'actions'));
    expect(typesOf({})).toContain(buttonValue({ approvalId: id, digest }));
    expect(typesOf({ step_up: true })).toContain(`http://localhost/approvals?selected=${id}`);
    expect(typesOf({ step_up: true })).not.toContain('countersign_approve');
    const stepUp = JSON.stringify(approvalCard(facts({ step_up: true, min_strength: 'link', max_sign_in_age_ms: 600_000 }), 'http://localhost'));
    expect(stepUp).toContain('by link or stronger, at most 10 min old');
    expect(typesOf({ state: 'rejected' })).toBe('[]');
  });
});

describe('the modal', () => {
  test('shows the changes and exactly what is sent, and says what it leaves out', () => {
    const fields = Array.from({ length: 60 }, (_, n) => ({ name: `f${n}`, label: `Field ${n}`, before: '', after: 'y'.repeat(1_000) }));
    const modal = actionModal(facts(), view({ preview: { title: 'x', fields, additions: [{ label: 'Note', text: NASTY.repeat(100) }] }, action_document: { parameters: { big: 'z'.repeat(20_000) } } as unknown as Record<string, never> }), 'http://localhost');
    const text = JSON.stringify(modal);
    expect(modal.blocks.length).toBeLessThanOrEqual(100);
    for (const block of modal.blocks as Block[]) expect(JSON.stringify(block).length).toBeLessThan(3_200);
    expect(text).toContain('700 more characters are not shown here');
    expect(text).toContain('20 more changes are not shown here');
    expect(text).toContain('invisible characters were taken out');
    expect(text).toMatch(/1\d{4} more characters are not shown here/);
    expect(parsedByslack(modal.blocks)).not.toMatch(/<!channel>|<https/);
    expect(modal.private_metadata).toBe(buttonValue({ approvalId: id, digest }));
  });

  test('can be submitted by one who may vote, and by nobody else', () => {
    expect(actionModal(facts(), view(), 'http://localhost').submit).toBeDefined();
    const readOnly = actionModal(facts(), view({ may_vote: false, may_not_vote_because: 'You have voted on this.' }), 'http://localhost');
    expect([readOnly.submit, JSON.stringify(readOnly.blocks).includes('countersign_reject')]).toEqual([undefined, false]);
    expect(JSON.stringify(readOnly)).toContain('You have voted on this.');
  });
});

test('App Home holds at most what a view takes', () => {
  const home = homeOf(Array.from({ length: 80 }, () => facts()), 'A person', 'http://localhost');
  expect(home.blocks.length).toBeLessThanOrEqual(100);
  expect(JSON.stringify(home)).toContain('55 more are in the console.');
});

test('a question about an outcome is answered in the console: the card has no button that decides', () => {
  const card = approvalCard(facts({ kind: 'outcome' }), 'http://localhost');
  expect(card.text).toContain('Did it happen?');
  expect(JSON.stringify(card.blocks)).toContain('Say what happened');
  expect(JSON.stringify(card.blocks)).not.toContain('Approve');
  const modal = actionModal(facts({ kind: 'outcome' }), view({ kind: 'outcome' }), 'http://localhost');
  expect(modal.submit).toBeUndefined();
  expect(JSON.stringify(modal.blocks)).not.toContain('Reject');
});

test.each(['', 'x', `${id}:`, `${id}:sha256:zz`, `${id}:${digest} `, `apr_x:${digest}`, `${digest}:${id}`])('the value %j is not one of ours', (value) => {
  expect(parseButtonValue(value)).toBeNull();
});

test.each<[Partial<OutcomeRow>, string]>([
  [{ state: 'rejected' }, 'Rejected: nothing was executed.'],
  [{ state: 'expired' }, 'Nobody decided in time'],
  [{ state: 'consumed', call_state: 'succeeded', run_state: 'succeeded' }, 'Executed.'],
  [{ state: 'consumed', call_state: 'succeeded', run_state: 'failed', error_code: 'expression_failed' }, 'Executed; the run ended failed (expression_failed).'],
  [{ state: 'consumed', call_state: 'uncertain', run_state: 'failed' }, 'Nobody knows yet'],
  [{ state: 'consumed', call_state: 'failed', run_state: 'failed', error_code: '<!here>' }, 'Not executed (&lt;!here&gt;).'],
  [{ state: 'approved', call_state: null, run_state: 'cancelled' }, 'Not executed.'],
  [{ kind: 'outcome', state: 'answered', answer: 'happened' }, 'A person says that it happened'],
  [{ kind: 'outcome', state: 'answered', answer: 'did_not_happen' }, 'it is tried again'],
  [{ kind: 'outcome', state: 'expired' }, 'the step is a dead letter now'],
])('the thread is told: %j', (row, text) => {
  const whole: OutcomeRow = { approval_id: id, installation: 'T1', channel_id: 'C1', message_ts: '1', attempts: 0, state: 'approved', kind: 'action', answer: null, run_id: 'run_1', run_state: null, call_state: null, error_code: null, has_evidence: true, ...row };
  expect(outcomeText(whole, 'http://localhost')).toContain(text);
  expect(outcomeText(whole, 'http://localhost')).toContain('<http://localhost/runs/run_1|Run and evidence>');
});
