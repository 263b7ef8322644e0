import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { NO_EXCHANGES, tellOutcome } from './outcome-entry.ts';
import type { OrderOutcome } from './outcome-entry.ts';

let spool: Spool;
beforeEach(async () => {
  spool = await openForTest(scratchFolder(), { limit_bytes: 64 * 1024 * 1024 });
  await spool.commit((tx) => tx.takeOrder({ id: 'ord_1', step_id: 's', fence: 1, envelope_sha256: 'a', begin_before: '2026-11-21T10:01:00.000Z' }));
});
afterEach(() => spool.close());

const succeeded = (output: Record<string, unknown>): OrderOutcome<'execute'> => ({
  state: 'succeeded', result: { output, receipt: { target_id: 't' }, nested_labels: [], hidden: {} }, error: null, usage: [], exchanges: NO_EXCHANGES, duration_ms: 1,
});

async function told(outcome: OrderOutcome, changesSomething: boolean): Promise<OutcomeBody> {
  await spool.commit((tx) => tellOutcome(tx, { id: 'ord_1', changesSomething }, outcome));
  return spool.undelivered(1, 1e9).entries[0]!.body as OutcomeBody;
}

const deep = (levels: number): Record<string, unknown> => (levels === 0 ? {} : { inner: deep(levels - 1) });

describe('how an order ended', () => {
  it('is told with the order being over, at once', async () => {
    expect(await told(succeeded({ a: 1 }), true)).toMatchObject({ order_id: 'ord_1', state: 'succeeded', result: { output: { a: 1 } } });
    expect(await spool.commit((tx) => tx.order('ord_1'))).toMatchObject({ state: 'ended' });
  });

  it.each([
    ['is larger than an entry', { text: 'x'.repeat(1024 * 1024) }],
    ['is a film', { text: 'x'.repeat(5 * 1024 * 1024) }],
    ['has no canonical JSON', { text: '\ud800' }],
    ['is nested deeper than the cell reads', deep(60)],
  ])('is told of a write whose answer %s, without the answer', async (_, output) => {
    expect(await told(succeeded(output), true)).toMatchObject({ state: 'succeeded', error: null, result: { output: null, receipt: { target_id: 't' } } });
  });

  it('is a failure of a read whose answer is larger than an entry: the answer was all there was to it', async () => {
    expect(await told(succeeded({ text: 'x'.repeat(1024 * 1024) }), false)).toMatchObject({ state: 'failed', result: null, error: { code: 'outcome_too_large', retryable: false } });
  });

  it('names what went wrong in words that fit', async () => {
    const error = { code: 'peer_refused', message: 'x'.repeat(100_000), retryable: true, retryAfterMs: 5 };
    const body = await told({ ...succeeded({}), state: 'failed', result: null, error }, false);
    expect(body.error).toMatchObject({ code: 'peer_refused', retryable: true, retry_after_ms: 5 });
    expect(body.error!.message.length).toBe(4_000);
  });

  it('is told where a character of the peer\'s was cut in half on the way', async () => {
    const error = { code: 'peer_refused', message: `${'x'.repeat(3_999)}\u{1f600}`, retryable: true };
    expect((await told({ ...succeeded({}), state: 'failed', result: null, error }, false)).error!.message).toBe(`${'x'.repeat(3_999)}\ufffd`);
  });
});
