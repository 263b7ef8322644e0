import { afterAll, beforeAll, expect, test } from 'vitest';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { auditChains } from '../testing/audited-chains.ts';
import type { AuditedChains } from '../testing/audited-chains.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import { seedApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const audited = (): Promise<AuditedChains> => auditChains(plane.database.control, new FolderObjects(plane.config.objectsFolder));
const intact = (least: { chains: number; events: number }): Promise<void> => expect.poll(async () => {
  const { faults, chains, events, checkpoints } = await audited();
  return { faults, grown: chains >= least.chains && events >= least.events && checkpoints >= chains };
}, { timeout: 20_000 }).toEqual({ faults: [], grown: true });

test('after work of every kind, of two tenants at once and over a restart, the whole audit computes anew', async () => {
  const other = await plane.otherTenant();
  const stranger = await plane.principal(['approver'], other);
  const approver = await plane.principal(['approver']);
  const desk = await createDesk(plane);
  await Promise.all([
    ...Array.from({ length: 10 }, () => plane.api('POST', desk.path, { key: null, json: {} })),
    ...Array.from({ length: 10 }, async (_, n) => {
      const [tenant, voter] = n % 2 === 0 ? [plane.tenant, approver] : [other, stranger];
      const approval = await seedApproval(plane, { tenant });
      await plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { key: voter.key, json: { decision: 'approve', action_digest: approval.digest } });
    }),
  ]);
  await intact({ chains: 2, events: 30 });
  const before = await audited();
  await plane.restart();
  await plane.api('POST', desk.path, { key: null, json: {} });
  await intact({ chains: 2, events: before.events + 1 });
});
