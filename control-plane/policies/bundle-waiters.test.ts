import { expect, test } from 'vitest';
import { BundleWaiters, waitOf } from './bundle-waiters.ts';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

test('a wait is read as RFC 7240 and as OPA write it, and never longer than a minute', () => {
  expect(['wait=30', 'respond-async, wait=10', 'modes=snapshot,delta;wait=45', 'wait=0', 'wait=86400'].map(waitOf)).toEqual([30, 10, 45, 0, 60]);
  expect([undefined, '', 'wait', 'wait=', 'wait=-1', 'wait=1.5', 'await=5', 'wait=99999999999', 'modes=snapshot'].map(waitOf)).toEqual(Array(9).fill(null));
});

test('whoever waits is let go by a change of the own tenant, and by no other', async () => {
  const waiters = new BundleWaiters();
  const [mine, theirs] = [waiters.begin('ten_a'), waiters.begin('ten_b')];
  const letGo: string[] = [];
  const done = [mine?.changed(HOUR_MS, never).then(() => letGo.push('mine')), theirs?.changed(HOUR_MS, never).then(() => letGo.push('theirs'))];
  waiters.wake('ten_a');
  await done[0];
  expect(letGo).toEqual(['mine']);
  waiters.wakeAll();
  await done[1];
  expect(letGo).toEqual(['mine', 'theirs']);
});

test('a change between looking and waiting is not missed', async () => {
  const waiters = new BundleWaiters();
  const waiting = waiters.begin('ten_a');
  waiters.wake('ten_a');
  await waiting?.changed(HOUR_MS, never);
});

test('the end of the wait, of the client and of the process let go, too', async () => {
  const waiters = new BundleWaiters();
  await waiters.begin('ten_a')?.changed(1, never);
  await waiters.begin('ten_a')?.changed(HOUR_MS, AbortSignal.abort());
  const gone = new AbortController();
  const waited = waiters.begin('ten_a')?.changed(HOUR_MS, gone.signal);
  gone.abort();
  await waited;
  const last = waiters.begin('ten_a')?.changed(HOUR_MS, never);
  waiters.stop();
  await last;
  expect([waiters.isStopped, waiters.begin('ten_a')]).toEqual([true, null]);
});

test('a tenant has 100 places and leaves room for others; a place that is given back is there again', () => {
  const waiters = new BundleWaiters();
  const taken = Array.from({ length: 100 }, () => waiters.begin('ten_a'));
  expect(taken).not.toContain(null);
  expect(waiters.begin('ten_a')).toBeNull();
  expect(waiters.begin('ten_b')).not.toBeNull();
  taken[0]?.end();
  taken[0]?.end();
  expect(waiters.begin('ten_a')).not.toBeNull();
  expect(waiters.begin('ten_a')).toBeNull();
});
