import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import { insertWorkspace } from '../identity/bootstrap-queries.ts';
import { newSignInLink } from '../identity/bootstrap.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestTenant } from '../testing/control-plane-under-test.ts';
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

const say = (id: string, { tenantId, workspaceId } = plane.tenant): Promise<void> => {
  const change: Change = { tenant_id: tenantId, workspace_id: workspaceId, kind: 'run', id, state: 'running' };
  return notify(plane.database.execution.pool, CHANGES_CHANNEL, JSON.stringify(change));
};
const byKey = (key: string, extra: Record<string, string> = {}): Record<string, string> => ({ authorization: `Bearer ${key}`, ...extra });
const idBefore = (text: string, wanted: string): string => /id: (\S+)\n$/.exec(text.slice(0, text.indexOf(wanted)).replace(/data: [^\n]*$/, ''))?.[1] ?? '';

const asking = (cookie: string, { workspaceId } = plane.tenant): Record<string, string> => ({ cookie, 'x-countersign-csrf': '1', origin: plane.url, 'countersign-workspace': workspaceId });

/** The cookie of a new session of the first administrator. */
async function signIn(): Promise<string> {
  const { sign_in_url } = await newSignInLink({ database: plane.database.control, clock: systemClock, region: 'us', cell: 'local', slug: 'local', publicUrl: 'http://localhost:8080' });
  const signedIn = await plane.api('POST', '/api/v1/sign-in', { key: null, json: { token: sign_in_url.split('#token=')[1] } });
  return (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** Another workspace of the same tenant; who administers the first does so there, too. */
async function secondWorkspace(): Promise<TestTenant> {
  const workspaceId = newId('workspace');
  const { tenantId } = plane.tenant;
  await plane.database.control.forTenant(tenantId, async (tx) => {
    await tx.change(insertWorkspace, [tenantId, workspaceId, `w-${workspaceId.slice(-10)}`, 'Second']);
    await tx.change({ name: 'test.administer', text: `INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role)
      SELECT tenant_id, $2, principal_id, role FROM control.role_assignments WHERE tenant_id = $1 AND workspace_id = $3 AND role = 'admin'` }, [tenantId, workspaceId, plane.tenant.workspaceId]);
  });
  return { ...plane.tenant, workspaceId };
}

async function takeRolesAway({ tenantId, workspaceId }: TestTenant): Promise<void> {
  await plane.database.control.forTenant(tenantId, (tx) => tx.change({ name: 'test.take_roles_away', text: 'DELETE FROM control.role_assignments WHERE tenant_id = $1 AND workspace_id = $2' }, [tenantId, workspaceId]));
}

test('says what changed, to the tenant it concerns and to nobody else', async () => {
  const other = await plane.principal(['viewer'], await plane.otherTenant());
  const [mine, theirs] = [await open(byKey(plane.adminKey)), await open(byKey(other.key))];
  await say('run_theirs', other);
  await say('run_mine');
  const text = await mine.until('run_mine');
  expect(text).not.toContain('run_theirs');
  expect(text).not.toContain('tenant_id');
  expect(await theirs.until('run_theirs')).not.toContain('run_mine');
  await say('run_last', other);
  expect(await theirs.until('run_last')).not.toContain('run_mine');
  mine.close();
  theirs.close();
});

test('what belongs to a workspace is heard by who has a role there, and by nobody else of the tenant', async () => {
  const there = await secondWorkspace();
  const cookie = await signIn();
  const [viewerHere, viewerThere] = [await plane.principal(['viewer']), await plane.principal(['viewer'], there)];
  const [here, inThere, both] = [await open(byKey(viewerHere.key)), await open(byKey(viewerThere.key)), await open({ cookie })];
  await say('run_here');
  await say('run_there', there);
  const { body: ofWorkspace } = await plane.api('POST', '/api/v1/kill-switches', { key: null, headers: asking(cookie, there), json: { scope: 'workspace', id: there.workspaceId, reason: 'a drill' } });
  const { body: ofTenant } = await plane.api('POST', '/api/v1/kill-switches', { key: null, headers: asking(cookie, there), json: { scope: 'tenant', reason: 'a drill' } });
  const heard = async (stream: Stream): Promise<string[]> => (await stream.until(String(ofTenant['id']))).match(/"id":"[^"]+"/g)?.map((id) => id.slice(6, -1)) ?? [];
  expect(await heard(here)).toEqual(['run_here', ofTenant['id']]);
  expect(await heard(inThere)).toEqual(['run_there', ofWorkspace['id'], ofTenant['id']]);
  expect(await heard(both)).toEqual(['run_here', 'run_there', ofWorkspace['id'], ofTenant['id']]);
  for (const stream of [here, inThere, both]) stream.close();
});

test('a session hears of its workspaces whichever it acts in, a key of the one it asks in; who comes back hears nothing of one that was lost', async () => {
  const there = await secondWorkspace();
  const cookie = await signIn();
  const [session, key] = [await open({ cookie, 'countersign-workspace': there.workspaceId }), await open(byKey(plane.adminKey, { 'countersign-workspace': there.workspaceId }))];
  await say('run_of_first');
  await say('run_of_second', there);
  expect(await session.until('run_of_second')).toContain('run_of_first');
  const text = await key.until('run_of_second');
  expect(text).not.toContain('run_of_first');
  await takeRolesAway(there);
  await say('run_after_the_loss', there);
  await key.until('run_after_the_loss');
  const back = await open({ cookie, 'last-event-id': idBefore(text, '{"kind":"run","id":"run_of_second"') });
  await say('run_to_end_with');
  expect(await back.until('run_to_end_with')).not.toContain('run_after_the_loss');
  for (const stream of [session, key, back]) stream.close();
});

test('a run of which an older sender does not say the workspace is not passed on', async () => {
  const stream = await open(byKey(plane.adminKey));
  for (const kind of ['run', 'approval', 'policy']) await notify(plane.database.execution.pool, CHANGES_CHANNEL, JSON.stringify({ tenant_id: plane.tenant.tenantId, kind, id: `${kind}_unplaced`, state: 'x' }));
  const text = await stream.until('policy_unplaced');
  expect(text).not.toContain('run_unplaced');
  expect(text).not.toContain('approval_unplaced');
  stream.close();
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

test('of one who opens ever more, the oldest ends; nobody else\'s does', async () => {
  const many = await plane.principal(['viewer']);
  const other = await open(byKey(plane.adminKey));
  const streams: Stream[] = [];
  for (let count = 0; count < 33; count += 1) streams.push(await open(byKey(many.key)));
  await streams[0]?.ended();
  await say('run_of_many');
  for (const stream of [...streams.slice(1), other]) {
    await stream.until('run_of_many');
    stream.close();
  }
});

test('ends with the session', async () => {
  const cookie = await signIn();
  const stream = await open({ cookie });
  await plane.api('POST', '/api/v1/sign-out', { key: null, headers: asking(cookie) });
  await stream.ended();
});
