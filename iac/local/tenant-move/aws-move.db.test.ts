import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { shredTenant } from '@countersign/control-plane/keyring/shredding.ts';
import { openCellEnd } from '@countersign/control-plane/tenant-move/cell-end.ts';
import type { CellEnd } from '@countersign/control-plane/tenant-move/cell-end.ts';
import { forgetMoved, moveTenant, secretsElsewhere } from '@countersign/control-plane/tenant-move/move-tenant.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { createDesk } from '@countersign/control-plane/testing/desk-instance.ts';
import { seedApproval } from '@countersign/control-plane/testing/seeded-run.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLocalBucket } from '@countersign/platform/objects/create-bucket.ts';
import { S3Objects } from '@countersign/platform/objects/s3-objects.ts';
import { deletePastThePort } from '@countersign/platform/objects/testing/delete-past-the-port.ts';
import { secretsWriter } from '@countersign/platform/secrets/secrets-writer.ts';
import { startMoto } from '../aws/moto.ts';
import type { RunningMoto } from '../aws/moto.ts';
import { ROOT } from '../config.ts';

/** Two cells of one region, each with a key of KMS and a bucket with Object Lock of its own. */
let aws: RunningMoto;
let one: ControlPlaneUnderTest;
let two: ControlPlaneUnderTest;
let ends: { one: CellEnd; two: CellEnd };

async function start(cell: string): Promise<ControlPlaneUnderTest> {
  const bucket = `countersign-${cell}`;
  await createLocalBucket(aws.endpoint, bucket);
  return ControlPlaneUnderTest.start({
    COUNTERSIGN_CELL: cell, COUNTERSIGN_TENANT_SLUG: `tenant-of-${cell}`, COUNTERSIGN_CELLS: 'us-1=http://us-1.example,us-2=http://us-2.example', COUNTERSIGN_CHECKPOINT_SECONDS: '1',
    COUNTERSIGN_KEYS: 'aws-kms', COUNTERSIGN_KMS_KEY_ID: await createKmsKey(aws.endpoint), COUNTERSIGN_AWS_ENDPOINT: aws.endpoint, COUNTERSIGN_SECRETS_AWS_PREFIX: cell,
    COUNTERSIGN_OBJECTS_S3_BUCKET: bucket, COUNTERSIGN_OBJECTS_S3_ENDPOINT: aws.endpoint,
  });
}
const endOf = ({ config, database }: ControlPlaneUnderTest): Promise<CellEnd> => openCellEnd({ cell: config.cell, region: 'us', adminUrl: database.adminUrl, keys: config.keys, objects: config });

beforeAll(async () => {
  aws = await startMoto(path.join(ROOT, '.cache'));
  [one, two] = [await start('us-1'), await start('us-2')];
  ends = { one: await endOf(one), two: await endOf(two) };
}, 300_000);
afterAll(async () => {
  await Promise.all([ends.one.close(), ends.two.close()]);
  await Promise.all([one.stop(), two.stop()]);
  await aws.stop();
});

const rootKeys = async (end: CellEnd): Promise<string[]> => end.database.forTenant(one.tenant.tenantId, async (tx) => (await tx.rows<{ kek: string }>({ name: 'test.root_keys', text: 'SELECT DISTINCT kek FROM control.wrapped_keys WHERE tenant_id = $1' }, [one.tenant.tenantId])).map(({ kek }) => kek));
const checkpointsIn = async ({ config }: ControlPlaneUnderTest): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of new S3Objects(config.objectsS3!).list(`t/${one.tenant.tenantId}/`)) if (key.includes('/checkpoints/')) keys.push(key);
  return keys;
};

test('a tenant goes from one KMS key and bucket to others: its keys are wrapped by the other key, its objects are retained there, and it is served', async () => {
  await createDesk(one);
  const approval = await seedApproval(one);
  expect(await rootKeys(ends.one)).toEqual([ends.one.kek.id]);
  // A secret at AWS stays where it is, and is named to whoever moves the tenant.
  await secretsWriter(aws.endpoint)(`us-1/${one.tenant.tenantId}/desk`, '{"username":"u","password":"p"}');
  expect((await one.api('POST', '/api/v1/credentials', { json: { name: 'kept-at-aws', kind: 'basic', secret_ref: 'aws-sm:desk' } })).body).toMatchObject({ source: 'aws-sm' });
  expect(await secretsElsewhere({ tenantId: one.tenant.tenantId, from: ends.one })).toEqual(['aws-sm:desk']);
  await expect.poll(async () => (await checkpointsIn(one)).length, { timeout: 20_000 }).toBeGreaterThan(0);

  const moved = await moveTenant({
    tenantId: one.tenant.tenantId, from: ends.one, to: ends.two, withUncertain: false, drain_ms: 30_000, settle_ms: 1_200, onStage: () => undefined, tellRouter: () => Promise.resolve(),
  });
  expect(moved.rows).toBeGreaterThan(50);
  expect(await rootKeys(ends.two)).toEqual([ends.two.kek.id]);
  expect(await checkpointsIn(two)).toEqual(expect.arrayContaining(await checkpointsIn(one)));
  const [checkpoint = ''] = await checkpointsIn(two);
  expect(await deletePastThePort(two.config.objectsS3!, checkpoint)).toEqual(['AccessDenied']);
  // What one KMS key had wrapped, the other opens.
  await vi.waitFor(async () => expect((await two.api('GET', `/api/v1/approvals/${approval.id}`, { key: one.adminKey })).body).toMatchObject({ id: approval.id, preview: { title: 'Change ticket-1' } }), { timeout: 10_000 });

  // What is locked in the bucket of before stays there until its time is over; the rest goes.
  expect((await forgetMoved({ tenantId: one.tenant.tenantId, from: ends.one })).rows).toBeGreaterThan(50);
  expect(await rootKeys(ends.one)).toEqual([]);
  expect(await checkpointsIn(one)).not.toEqual([]);
}, 90_000);

test('destroyed keys are gone: KMS is there, and opens nothing of the tenant any more', async () => {
  const { tenantId } = one.tenant;
  const wrapped = (): Promise<number> => ends.two.database.forTenant(tenantId, async (tx) => (await tx.one<{ count: number }>({ name: 'test.wrapped', text: `SELECT count(*)::int AS count FROM control.wrapped_keys WHERE tenant_id = $1 AND kind = 'seal' AND wrapped IS NOT NULL` }, [tenantId])).count);
  const ring = await openKeys(two.config.keys, { databaseUrl: two.database.controlUrl });
  const sealed = await ring.keys.seal(tenantId, 'content', 'a', Buffer.from('text'));
  expect(Buffer.from(await ring.keys.unseal(tenantId, 'content', 'a', sealed)).toString()).toBe('text');
  expect(await shredTenant(tenantId, { kind: 'system', id: 'tests' }, { database: two.database.control, keys: ring.keys, clock: systemClock })).toBeGreaterThan(2);
  expect(await wrapped()).toBe(0);
  await expect(ring.keys.unseal(tenantId, 'content', 'a', sealed)).rejects.toMatchObject({ code: 'key_shredded' });
  await expect(ring.keys.seal(tenantId, 'content', 'a', Buffer.from('text'))).rejects.toMatchObject({ code: 'key_shredded' });
  await ring.close();
}, 60_000);
