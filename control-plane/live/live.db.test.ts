import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import { newSignInLink } from '../identity/bootstrap.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' }); });
afterAll(() => plane.stop());

interface Stream {
  /** The text so far; resolves when it holds `wanted`, or throws when the stream ends before. */
  until(wanted: string): Promise<string>;
  ended(): Promise<void>;
  close(): void;
}

async function open(headers: Record<string, string>): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(`${plane.url}/api/v1/events`, { headers, signal: abort.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += value === undefined ? '' : Buffer.from(value).toString('utf8');
    return !done;
  };
  return {
    until: async (wanted) => {
      while (!text.includes(wanted)) if (!await read()) throw new TypeError(`ended without ${wanted}: ${text}`);
      return text;
    },
    ended: async () => { while (await read()); },
    close: () => abort.abort(),
  };
}

const say = (id: string, tenantId = plane.tenant.tenantId): Promise<void> => {
  const change: Change = { tenant_id: tenantId, workspace_id: null, kind: 'run', id, state: 'running' };
  return notify(plane.database.execution.pool, CHANGES_CHANNEL, JSON.stringify(change));
};
const byKey = (key: string, extra: Record<string, string> = {}): Record<string, string> => ({ authorization: `Bearer ${key}`, ...extra });
const idBefore = (text: string, wanted: string): string => /id: (\S+)\n$/.exec(text.slice(0, text.indexOf(wanted)).replace(/data: [^\n]*$/, ''))?.[1] ?? '';

test('says what changed, to the tenant it concerns and to nobody else', async () => {
  const other = await plane.principal(['viewer'], await plane.otherTenant());
  const [mine, theirs] = [await open(byKey(plane.adminKey)), await open(byKey(other.key))];
  await say('run_theirs', other.tenantId);
  await say('run_mine');
  const text = await mine.until('run_mine');
  expect(text).not.toContain('run_theirs');
  expect(text).not.toContain('tenant_id');
  expect(await theirs.until('run_theirs')).not.toContain('run_mine');
  await say('run_last', other.tenantId);
  expect(await theirs.until('run_last')).not.toContain('run_mine');
  mine.close();
  theirs.close();
});

test('what is no change of ours is not passed on', async () => {
  const stream = await open(byKey(plane.adminKey));
  for (const payload of ['', 'null', '{"tenant_id":', JSON.stringify({ tenant_id: plane.tenant.tenantId, kind: 'secret', id: 'run_forged', state: 'x' })]) {
    await notify(plane.database.execution.pool, CHANGES_CHANNEL, payload);
  }
  await say('run_after');
  expect(await stream.until('run_after')).not.toContain('run_forged');
  stream.close();
});

test('who comes back gets what was missed; who names a place we do not know reads anew', async () => {
  const first = await open(byKey(plane.adminKey));
  await say('run_seen');
  const id = idBefore(await first.until('run_seen'), '{"kind":"run","id":"run_seen"');
  expect(id).toMatch(/^[0-9a-f]{8}-\d+$/);
  first.close();
  const watcher = await open(byKey(plane.adminKey));
  await say('run_missed');
  await watcher.until('run_missed');
  watcher.close();
  const second = await open(byKey(plane.adminKey, { 'last-event-id': id }));
  const text = await second.until('run_missed');
  expect(text).not.toContain('run_seen');
  expect(text).not.toContain('event: resync');
  second.close();
  for (const unknown of ['0badc0de-1', 'x', `${id.split('-')[0] ?? ''}-`]) {
    const third = await open(byKey(plane.adminKey, { 'last-event-id': unknown }));
    await third.until('event: resync');
    third.close();
  }
});

test('a vote is heard', async () => {
  const stream = await open(byKey(plane.adminKey));
  const approval = await seedApproval(plane);
  await plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { json: { decision: 'approve', action_digest: approval.digest } });
  expect(await stream.until(approval.id)).toContain(`{"kind":"approval","id":"${approval.id}","state":"approved"}`);
  stream.close();
});

test('ends with the session', async () => {
  const { sign_in_url } = await newSignInLink({ database: plane.database.control, clock: systemClock, region: 'us', cell: 'local', slug: 'local', publicUrl: 'http://localhost:8080' });
  const signedIn = await plane.api('POST', '/api/v1/sign-in', { key: null, json: { token: sign_in_url.split('#token=')[1] } });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const stream = await open({ cookie });
  await plane.api('POST', '/api/v1/sign-out', { key: null, headers: { cookie, 'x-countersign-csrf': '1', origin: plane.url } });
  await stream.ended();
});
