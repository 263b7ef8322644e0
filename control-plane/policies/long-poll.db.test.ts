import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';

const LONG_POLL = 'application/vnd.openpolicyagent.bundles';

let plane: ControlPlaneUnderTest;
let path: string;
beforeEach(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  path = `/api/v1/policy-bundles/${bundleScope(plane.tenant.environmentId)}`;
});
afterEach(() => plane.stop());

const etagNow = async (): Promise<string> => (await plane.api('GET', path)).headers.get('etag') ?? '';
const poll = (etag: string, wait_s: number): Promise<ApiReply> => plane.api('GET', path, { headers: { 'if-none-match': etag, prefer: `modes=snapshot,delta;wait=${wait_s}` } });
const shown = ({ status, headers }: ApiReply): unknown[] => [status, headers.get('content-type'), headers.get('etag')];

test('who has nothing, or an older bundle, gets the newest at once, by the media type that allows to wait', async () => {
  const etag = await etagNow();
  expect(shown(await poll('', 60))).toEqual([200, LONG_POLL, etag]);
  expect(shown(await poll('"sha256:0"', 60))).toEqual([200, LONG_POLL, etag]);
});

test('who has the newest waits for the next one; a wait that is over ends with 304', async () => {
  const etag = await etagNow();
  expect(shown(await poll(etag, 1))).toEqual([304, null, etag]);
  const waited = poll(etag, 60);
  const rotation = await plane.api('POST', '/api/v1/keys/rotations', { json: { purpose: 'policy_bundle', reason: 'To sign everything anew' } });
  expect(rotation.status).toBe(201);
  const next = await etagNow();
  expect(next).not.toBe(etag);
  expect(shown(await waited)).toEqual([200, LONG_POLL, next]);
});

test('an older bundle by its sequence never waits', async () => {
  const etag = await etagNow();
  const reply = await plane.api('GET', `${path}?seq=1`, { headers: { 'if-none-match': etag, prefer: 'wait=60' } });
  expect(reply.status).toBe(304);
});

test('a process that stops lets go who waits; who had gone keeps nobody', async () => {
  const etag = await etagNow();
  const abort = new AbortController();
  const gone = fetch(`${plane.url}${path}`, { headers: { authorization: `Bearer ${plane.adminKey}`, 'if-none-match': etag, prefer: 'wait=60' }, signal: abort.signal });
  abort.abort();
  await expect(gone).rejects.toThrow();
  const waited = poll(etag, 60);
  // The poll is there once another request that came after it is answered.
  await etagNow();
  await plane.restart();
  expect((await waited).status).toBe(304);
});

test('a hundred wait; who comes then is given the bundle and told to ask by the clock, until there is room again', async () => {
  const etag = await etagNow();
  const abort = new AbortController();
  const waiting = Array.from({ length: 100 }, async () => {
    // Again and again: the poll that looks for the end of the places takes one itself.
    while (!abort.signal.aborted) await fetch(`${plane.url}${path}`, { headers: { authorization: `Bearer ${plane.adminKey}`, 'if-none-match': etag, prefer: 'wait=60' }, signal: abort.signal }).then((response) => response.arrayBuffer()).catch(() => null);
  });
  await expect.poll(async () => shown(await poll(etag, 1)), { timeout: 15_000 }).toEqual([200, 'application/gzip', etag]);
  abort.abort();
  await Promise.all(waiting);
  await expect.poll(async () => (await poll(etag, 1)).status, { timeout: 15_000 }).toBe(304);
}, 40_000);
