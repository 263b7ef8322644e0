import { describe, expect, test } from 'vitest';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import { effectsOf } from './apply-entries.ts';
import type { EntrySource, OpenEntry } from './entry-event.ts';
import type { NamedOrder } from './repository-inbox.ts';

const SOURCE: EntrySource = { tenantId: 'ten_1', workspaceId: 'wsp_1', agentId: 'agt_1', poolId: 'apl_1', pool: 'onprem', epoch: 'e1' };
const ORDER = 'ord_01aaaaaaaaaaaaaaaaaaaaaaaa';
const BYTES = 'a'.repeat(64);
const order = (state: NamedOrder['state'], changes: Partial<NamedOrder> = {}): NamedOrder => ({ id: ORDER, kind: 'execute', state, run_id: 'run_1', step_id: 'stp_1', call_id: 'call_1', instance_id: 'ins_1', envelope_sha256: BYTES, ...changes });
const OUTCOME: OutcomeBody = { order_id: ORDER, state: 'succeeded', result: {}, error: null, usage: [], exchanges: { request_digest: null, response_digest: null, may_have_changed: false }, duration_ms: 4 };

type Said = Pick<OpenEntry, 'kind' | 'body'>;
const accepted: Said = { kind: 'order.accepted', body: { order_id: ORDER, kind: 'execute' } };
const outcome: Said = { kind: 'outcome', body: OUTCOME };
const refused = (refusal: 'draining' | 'order_replayed' | 'order_signature_invalid' | 'policy_denied_here', envelope_sha256 = BYTES): Said => ({ kind: 'order.refused', body: { order_id: ORDER, kid: null, refusal, envelope_sha256 } });

function applied(before: NamedOrder | null, ...said: readonly Said[]) {
  const entries = said.map((one, i): OpenEntry => ({ ...one, seq: i + 1, occurred_at: '2026-11-21T10:00:00.000Z', received_at: '2026-11-21T11:00:00.000Z', clock_offset_ms: -400 }));
  return effectsOf(SOURCE, entries, new Map(before === null ? [] : [[before.id, before]]));
}
const becomes = (before: NamedOrder | null, ...said: readonly Said[]): string[] => applied(before, ...said).settlements.map(({ state }) => state);

describe('what an agent says of its orders', () => {
  test.each<[string, NamedOrder['state'], readonly Said[], string[]]>([
    ['taken', 'queued', [accepted], ['received']],
    ['taken and ended', 'queued', [accepted, outcome], ['ended']],
    ['ended, and heard of after it was given up', 'expired', [outcome], ['ended']],
    ['taken, and given up meanwhile', 'expired', [accepted], []],
    ['refused', 'queued', [refused('draining')], ['refused']],
    ['refused by policy after it was taken', 'received', [refused('policy_denied_here')], ['refused']],
    ['ended twice', 'ended', [outcome], []],
    ['ended after it was refused', 'queued', [refused('draining'), outcome], ['refused']],
    ['refused after it was ended', 'received', [outcome, refused('draining')], ['ended']],
  ])('%s', (_what, before, said, after) => {
    expect(becomes(order(before), ...said)).toEqual(after);
  });

  test('a replay of it is refused, and the order itself goes on', () => {
    expect(becomes(order('received'), refused('order_replayed'))).toEqual([]);
    expect(becomes(order('queued'), refused('order_replayed'), accepted)).toEqual(['received']);
  });

  test('what bears its name but not its bytes ends nothing, however it is refused', () => {
    for (const state of ['queued', 'received'] as const) expect(becomes(order(state), refused('order_signature_invalid', 'b'.repeat(64)))).toEqual([]);
    expect(becomes(order('expired', { envelope_sha256: null }), refused('draining'))).toEqual([]);
  });

  test('of an order that it was not given is in the audit, and changes nothing', () => {
    const { settlements, events } = applied(null, accepted, outcome);
    expect([settlements, events.map(({ type, run_id }) => [type, run_id])]).toEqual([[], [['agent.order_accepted', null], ['agent.outcome_delivered', null]]]);
  });

  test('events are found only for the instance that it was to watch', () => {
    const found = (instance_id: string): Said => ({ kind: 'trigger.found', body: { order_id: ORDER, instance_id, cursor: '2', payloads: [{}] } });
    expect(applied(order('received', { kind: 'watch' }), found('ins_1')).found).toHaveLength(1);
    expect(applied(order('received', { kind: 'watch' }), found('ins_2')).found).toEqual([]);
    expect(applied(order('received'), found('ins_1')).found).toEqual([]);
  });
});

describe('the audit of an entry', () => {
  test('says who it was and where, when it happened there and when it came here, and nothing of what was found', () => {
    const secret = { ...OUTCOME, state: 'failed' as const, result: { output: { text: 'canary' } }, error: { code: 'peer_timeout', message: 'canary', retryable: true, retry_after_ms: null } };
    const [event] = applied(order('received'), { kind: 'outcome', body: secret }).events;
    expect(event).toMatchObject({
      type: 'agent.outcome_delivered', actor: { kind: 'agent', id: 'agt_1' }, run_id: 'run_1', tenant_id: 'ten_1', workspace_id: 'wsp_1',
      data: { pool: 'onprem', epoch: 'e1', spool_seq: 1, occurred_at: '2026-11-21T10:00:00.000Z', received_at: '2026-11-21T11:00:00.000Z', clock_offset_ms: -400, order_id: ORDER, error_code: 'peer_timeout' },
    });
    expect(JSON.stringify(event)).not.toContain('canary');
  });

  test('an entry that cannot be read changes nothing, and that there was one is told', () => {
    const { events, settlements, calls } = applied(order('queued'), { kind: 'outcome', body: { ...OUTCOME, state: 'maybe' } as never }, { kind: 'call', body: { order_id: ORDER } as never }, accepted);
    expect(events.map(({ type, data }) => [type, data.code])).toEqual([['agent.outcome_delivered', 'entry_unreadable'], ['agent.call_decided', 'entry_unreadable'], ['agent.order_accepted', undefined]]);
    expect([settlements.map(({ state }) => state), calls]).toEqual([['received'], []]);
  });

  test('a kind of a newer agent is passed over', () => {
    const { events, settlements } = applied(order('queued'), { kind: 'weather' as OpenEntry['kind'], body: { order_id: ORDER } as never }, accepted);
    expect([events.map(({ type }) => type), settlements.length]).toEqual([['agent.order_accepted'], 1]);
  });
});
