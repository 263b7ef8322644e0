import { expect, it } from 'vitest';
import type { Agent } from './agent-looks.ts';
import { agentLook, alarmInWords, policyLook, spoolLook } from './agent-looks.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const heard = { is_lost: false, draining: false } as NonNullable<Agent['presence']>;
const agent = (changes: Partial<Agent>): Agent => ({ state: 'active', certificate_expires_at: '2026-11-21T13:00:00.000Z', presence: heard, ...changes }) as Agent;

it.each<[string, Partial<Agent>, string]>([
  ['asks for work', {}, 'active'],
  ['is not heard of', { presence: { ...heard, is_lost: true } }, 'lost'],
  ['was told to drain', { state: 'draining' }, 'draining'],
  ['drains by itself', { presence: { ...heard, draining: true } }, 'draining'],
  ['drains and is not heard of', { state: 'draining', presence: { ...heard, is_lost: true } }, 'lost'],
  ['has never asked', { presence: null }, 'never heard of'],
  ['has a certificate that ended, and was not heard of since', { certificate_expires_at: '2026-11-21T12:00:00.000Z', presence: { ...heard, is_lost: true } }, 'expired'],
  ['is revoked', { state: 'revoked', certificate_expires_at: '2026-11-21T11:00:00.000Z' }, 'revoked'],
])('an agent that %s is called by what keeps it from working', (_, changes, word) => {
  expect(agentLook(agent(changes), NOW).word).toBe(word);
});

it.each([
  [null, 'none'],
  [{ state: 'missing', seq: null, served_seq: 3, expires_at: null }, 'none'],
  [{ state: 'stale', seq: 3, served_seq: 3, expires_at: '' }, 'stale'],
  [{ state: 'invalid', seq: 3, served_seq: 3, expires_at: '' }, 'refused'],
  [{ state: 'fresh', seq: 2, served_seq: 3, expires_at: '' }, 'behind'],
  [{ state: 'fresh', seq: 3, served_seq: 3, expires_at: '' }, 'fresh'],
  [{ state: 'fresh', seq: 3, served_seq: null, expires_at: '' }, 'fresh'],
] as const)('policy %j is %s', (policy, word) => {
  expect(policyLook(policy).word).toBe(word);
});

it('a spool that is full or damaged weighs more than what waits in it', () => {
  const spool = { waiting: 1_200, bytes: 1, limit_bytes: 2 };
  expect((['damaged', 'full', 'open'] as const).map((state) => spoolLook({ ...spool, state }).word)).toEqual(['damaged', 'full', '1,200 waiting']);
  expect(spoolLook({ ...spool, state: 'open', waiting: 0 }).word).toBe('delivered');
});

it('an alarm says what happened, by which refusal and how often', () => {
  expect(alarmInWords({ kind: 'order_refused', code: 'order_replayed', count: 3 })).toBe('It was sent an order that an honest cell does not send, and refused it. order_replayed. (3 times)');
  expect(alarmInWords({ kind: 'spool_gap', code: 'spool_gap', count: 1 })).toMatch(/not on its disk any more\.$/);
});
