import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { shreddingLoop } from '../cell/sweepers.ts';
import { newSecret } from '../identity/tokens.ts';
import { pastTriggers } from '../tenant-move/repository-move.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';
import { endRetention } from './retention-loop.ts';

/** What the control plane lets go of when its time is over, by the sweeps themselves: rows are made old, nothing waits. The workers' share is tested with them. */
let plane: ControlPlaneUnderTest;
let admin: Database;
let voter: TestPrincipal;
const log = createLogger('test', 'silent');

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  admin = new Database({ url: plane.database.adminUrl, applicationName: 'test', maxConnections: 2, onConnectionError: () => undefined });
  voter = await plane.principal(['approver']);
});
afterAll(async () => {
  await admin.close();
  await plane.stop();
});
afterEach(async () => {
  await rows(`UPDATE control.legal_holds SET released_by = 'prn_x', released_at = clock_timestamp(), release_reason_digest = 'd' WHERE released_at IS NULL`);
});

/** As the superuser, and past triggers: audit events do not change, and get no older. */
const rows = <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => admin.forNoTenant(async (tx) => {
  await tx.change(pastTriggers);
  return tx.rows<T>({ name: `test.${digestOf(text).slice(-16)}`, text }, values);
});
const keepFor = async (content_days: number | null, operational_days: number | null, audit_days: number | null): Promise<void> => {
  expect((await plane.api('PUT', '/api/v1/retention', { json: { content_days, operational_days, audit_days } })).status).toBe(200);
};
const hold = async (scope: string, target: string | undefined): Promise<void> => {
  expect((await plane.api('POST', '/api/v1/legal-holds', { json: { scope, target, reason: 'A case' } })).status).toBe(201);
};
/** The control plane's own, at once. */
const sweep = async (): Promise<void> => {
  while (await endRetention({ database: plane.database.control, clock: systemClock, log }, plane.tenant.tenantId));
};
const verified = (): Promise<ApiReply> => plane.api('POST', '/api/v1/audit/verifications', { json: {} });

describe('content', () => {
  let approvals: SeededApproval[];
  const shred = async (): Promise<void> => {
    const loop = shreddingLoop({ database: plane.database.control, log }, 14);
    loop.start();
    await loop.stop();
  };
  const left = (): Promise<Array<{ text: boolean; reason: boolean }>> => rows(`
    SELECT a.action_sealed IS NOT NULL AS text, EXISTS (SELECT FROM control.approval_votes v WHERE v.approval_id = a.id AND v.reason IS NOT NULL) AS reason
      FROM control.approvals a WHERE a.id = ANY ($1) ORDER BY array_position($1, a.id)`, [approvals.map(({ id }) => id)]);

  test('that approvals show goes after content_days, with what voters typed; that of a held run, and of what a held person voted on, stays; the audit still verifies', async () => {
    const other = await plane.principal(['approver']);
    approvals = [await seedApproval(plane), await seedApproval(plane), await seedApproval(plane)];
    for (const [n, { id, digest }] of approvals.entries()) {
      expect((await plane.api('POST', `/api/v1/approvals/${id}/votes`, { key: n === 2 ? other.key : voter.key, json: { decision: 'reject', action_digest: digest, reason: 'Says why' } })).status).toBe(201);
    }
    await rows(`UPDATE control.approvals SET requested_at = requested_at - interval '10 days' WHERE id = ANY ($1)`, [approvals.map(({ id }) => id)]);
    await keepFor(11, null, null);
    await shred();
    expect(await left()).toEqual(approvals.map(() => ({ text: true, reason: true })));

    await hold('run', approvals[1]!.runId);
    await hold('principal', other.id);
    await keepFor(8, null, null);
    await shred();
    expect(await left()).toEqual([{ text: false, reason: false }, { text: true, reason: true }, { text: true, reason: true }]);
    expect((await verified()).body).toMatchObject({ verified: true, faults: [] });
    expect((await plane.auditEvents()).filter(({ type, subject }) => type === 'approval.vote_cast' && subject.id === approvals[0]!.id), 'that it was voted on stays').toHaveLength(1);
  });
});

describe('operational traces', () => {
  const session = async (principalId: string, age: string): Promise<string> => {
    const id = newId('session');
    await rows(`
      INSERT INTO control.sessions (tenant_id, id, principal_id, auth_strength, secret_sha256, expires_at) VALUES ($1, $2, $3, 'link', $4, clock_timestamp() - $5::interval)`, [plane.tenant.tenantId, id, principalId, newSecret().sha256, age]);
    return id;
  };
  const kept = async (ids: readonly string[]): Promise<boolean[]> => {
    const there = (await rows<{ id: string }>('SELECT id FROM control.sessions WHERE id = ANY ($1)', [ids])).map(({ id }) => id);
    return ids.map((id) => there.includes(id));
  };

  test('of how people signed in go after operational_days; those of a held person stay', async () => {
    const held = await plane.principal(['viewer']);
    const ids = [await session(voter.id, '10 days'), await session(held.id, '10 days'), await session(voter.id, '1 day')];
    await keepFor(null, 11, null);
    await sweep();
    expect(await kept(ids)).toEqual([true, true, true]);
    await hold('principal', held.id);
    await keepFor(null, 9, null);
    await sweep();
    expect(await kept(ids)).toEqual([false, true, true]);
    expect((await verified()).body).toMatchObject({ verified: true });
  });
});

describe('audit events', () => {
  interface Event { readonly seq: string; readonly id: string; readonly body: string | null }
  const sealed = (): Promise<Event[]> => rows('SELECT l.seq, e.id, e.body FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id) WHERE l.tenant_id = $1 ORDER BY l.seq', [plane.tenant.tenantId]);
  const searched = async (): Promise<number[]> => (await rows<{ seq: string }>('SELECT seq FROM audit.search WHERE tenant_id = $1 ORDER BY seq', [plane.tenant.tenantId])).map(({ seq }) => Number(seq));

  test('lose their body after audit_days and can be searched no more, and the chain verifies; what a hold covers keeps it until that is released', async () => {
    const { id, runId, digest } = await seedApproval(plane);
    await plane.api('POST', `/api/v1/approvals/${id}/votes`, { key: voter.key, json: { decision: 'approve', action_digest: digest } });
    // Sealed, signed and searchable to the end, so that it is all of one age.
    const size = await vi.waitFor(async () => {
      const [head] = await rows<{ seq: string; done: boolean }>(`
        SELECT h.seq, NOT EXISTS (SELECT FROM audit.pending p WHERE p.tenant_id = h.tenant_id) AND h.searchable_seq = h.seq
               AND EXISTS (SELECT FROM audit.checkpoints c WHERE (c.tenant_id, c.chain, c.seq) = (h.tenant_id, h.chain, h.seq)) AS done
          FROM audit.chain_heads h WHERE h.tenant_id = $1`, [plane.tenant.tenantId]);
      expect(head?.done).toBe(true);
      return Number(head!.seq);
    }, { timeout: 20_000 });
    await rows(`UPDATE audit.events SET recorded_at = recorded_at - interval '400 days' WHERE tenant_id = $1 AND id IN (SELECT event_id FROM audit.links)`, [plane.tenant.tenantId]);
    await keepFor(null, null, 500);
    await sweep();
    expect((await sealed()).filter(({ body }) => body === null)).toEqual([]);

    await hold('run', runId);
    await keepFor(null, null, 365);
    await sweep();
    const after = (await sealed()).slice(0, size);
    const alive = after.filter(({ body }) => body !== null);
    expect(alive.map(({ body }) => (JSON.parse(body!) as { run_id: string | null }).run_id)).toEqual(alive.map(() => runId));
    expect([after.length - alive.length > 10, alive.length > 0]).toEqual([true, true]);
    expect((await searched()).filter((seq) => seq <= size)).toEqual(alive.map(({ seq }) => Number(seq)));

    const told = await vi.waitFor(async () => {
      const { body } = await plane.api('GET', '/api/v1/audit/events?type=audit.retention_ended');
      expect(body['items']).not.toEqual([]);
      return (body['items'] as Array<{ event: object }>).map(({ event }) => event);
    }, { timeout: 20_000 });
    expect(told[0]).toMatchObject({ actor: { kind: 'system', id: 'retention' }, data: { from_seq: 1 } });
    const proof = await verified();
    expect(proof.body).toMatchObject({ verified: true, faults: [] });
    expect((proof.body['not_proven'] as string[]).join(' '), 'what the bodies said is not').toContain(`${after.length - alive.length} events show only`);
    // Who reads and exports the audit meets events without a body.
    expect((await plane.api('GET', '/api/v1/audit/events?limit=200')).status).toBe(200);
    expect((await plane.api('GET', '/api/v1/audit/export')).status).toBe(200);

    await rows(`UPDATE control.legal_holds SET released_by = 'prn_x', released_at = clock_timestamp(), release_reason_digest = 'd' WHERE released_at IS NULL`);
    await sweep();
    expect((await sealed()).slice(0, size).filter(({ body }) => body !== null)).toEqual([]);
    expect((await verified()).body).toMatchObject({ verified: true, faults: [] });
  }, 60_000);

  test('that are too young stay, whatever is kept how long', async () => {
    await keepFor(0, 1, 365);
    const before = (await sealed()).filter(({ body }) => body !== null).length;
    expect(before).toBeGreaterThan(0);
    await sweep();
    expect((await sealed()).filter(({ body }) => body !== null).length).toBeGreaterThanOrEqual(before);
  });
});
