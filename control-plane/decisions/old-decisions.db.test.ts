import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { asAdministrator } from '../testing/queries.ts';
import { seedDecision } from '../testing/seeded-decision.ts';
import type { SeededDecision } from '../testing/seeded-decision.ts';

const MIGRATION = new URL('../../contracts/database/migrations/0023_old_decisions_named.sql', import.meta.url);

let plane: ControlPlaneUnderTest;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
});
afterAll(() => plane.stop());

test('decisions of before there was a log are in it after an upgrade, each in its own tenant', async () => {
  const ours = await seedDecision(plane, { inputState: 'none' });
  const theirs = await seedDecision(plane, { inputState: 'none', tenant: await plane.otherTenant() });
  const admin = plane.database.adminUrl;
  await asAdministrator(admin, `UPDATE execution.decisions SET workspace_id = NULL, environment_id = NULL, workflow = NULL, principal_id = NULL, path = NULL, masked_input = NULL, erased = '{}'`);
  expect(await statusOf(ours)).toBe(404);

  await asAdministrator(admin, await readFile(MIGRATION, 'utf8'));
  const { body } = await plane.api('GET', `/api/v1/decisions/${ours.id}`);
  expect(body).toMatchObject({ id: ours.id, environment: 'prod', environment_id: plane.tenant.environmentId, workflow: 'triage', outcome: 'REQUIRE_HITL', masked_input: null, input_state: 'none', path: null });
  const listed = await plane.api('GET', '/api/v1/decisions?environment=prod');
  expect((listed.body as unknown as { items: Array<{ id: string }> }).items.map((item) => item.id)).toEqual([ours.id]);
  expect(await statusOf(theirs)).toBe(404);
  expect(await asAdministrator(admin, 'SELECT id FROM execution.decisions WHERE environment_id IS NULL OR workspace_id IS NULL')).toEqual([]);
});

async function statusOf(decision: SeededDecision): Promise<number> {
  return (await plane.api('GET', `/api/v1/decisions/${decision.id}`)).status;
}
