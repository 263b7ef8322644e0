import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { insertBundle, seedBundleKey, seedEnvironment, seedInstance, seedInstanceBeside, seedPlace, seedTenant, seedWorkflow } from '@countersign/execution-plane/testing/queries.ts';
import type { PlaceIds } from '@countersign/execution-plane/testing/queries.ts';
import { testPolicyFiles } from '@countersign/execution-plane/testing/test-policy.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import { seededFiles } from '@countersign/platform/opa/bundle/testing.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { BOOK } from './peer/connector.ts';
import { activateWorkflow, moveInstanceTo } from './repository-chaos.ts';

/** Where runs happen: `free` under a policy that allows every call, `governed` under the shipped one, where a person approves each write. */
export interface Lanes {
  readonly free: PlaceIds;
  readonly governed: PlaceIds;
}

/** Passing faults and lost workers must not use up what a step may try: what ends dead is a finding. */
const retry = { max_attempts: 40, backoff: 'exponential', initial_ms: 20, max_ms: 400 } as const;

/** A read, two writes beside each other, a read again: chains that a worker goes on with, steps that wait for each other, both kinds of idempotency. */
export const DESK: WorkflowDefinition = {
  api_version: 'countersign.dev/v1', name: 'desk', description: '', trigger: { connector: 'book', event: 'record.created' }, models: {},
  steps: [
    step('read', 'book/record.get', { id: '${{ trigger.id }}' }),
    step('change', 'book/record.update', { id: '${{ trigger.id }}', category: '${{ steps.read.output.title }}' }, ['read']),
    step('note', 'book/note.put', { id: '${{ trigger.id }}', text: 'seen' }, ['read']),
    step('check', 'book/record.get', { id: '${{ steps.change.output.id }}' }, ['change', 'note']),
  ],
};

/** Requests that a run makes of the peer when nothing goes wrong. */
export const REQUESTS_PER_RUN = 4;

function step(id: string, uses: string, parameters: Record<string, unknown>, needs: readonly string[] = []): StepDefinition {
  return { id, uses, instance: null, with: parameters, if: null, needs, retry, timeout_ms: 20_000 };
}

export interface LaneWorld {
  readonly keyFile: string;
  readonly objectsFolder: string;
  readonly peerUrl: string;
}

/** One tenant with two environments, the peer's instance and the workflow in both, and a signed policy for each. */
export async function seedLanes(control: Database, world: LaneWorld): Promise<Lanes> {
  const free: PlaceIds = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
  const governed: PlaceIds = { ...free, environmentId: newId('environment'), instanceId: newId('connector_instance') };
  const { host } = new URL(world.peerUrl);
  const { manifest, manifestDigest } = BOOK;
  const workflowId = newId('workflow');
  const keys = await FileKeys.open(world.keyFile, { create: true });
  const signing = await keys.signingKey(free.tenantId, 'policy_bundle');
  await control.forTenant(free.tenantId, async (tx) => {
    await seedTenant(tx, free.tenantId, 'chaos');
    await seedPlace(tx, free);
    await seedEnvironment(tx, free.tenantId, { id: governed.environmentId, workspaceId: governed.workspaceId, name: 'staging' });
    await seedInstance(tx, free, { connector: manifest.name, version: manifest.version, digest: manifestDigest, manifest, baseUrl: world.peerUrl, host, name: 'book' });
    await seedInstanceBeside(tx, free, { id: governed.instanceId, name: 'governed', baseUrl: world.peerUrl, host });
    await moveInstanceTo(tx, governed);
    await seedWorkflow(tx, free, { id: workflowId, name: DESK.name, definition: DESK });
    await activateWorkflow(tx, governed, workflowId);
    await seedBundleKey(tx, free.tenantId, signing);
  });
  await publish(control, world, free, await testPolicyFiles({ outcome: 'ALLOW' }), 1);
  await publish(control, world, governed, await seededFiles(), 2);
  return { free, governed };
}

async function publish(control: Database, { keyFile, objectsFolder }: LaneWorld, { tenantId, environmentId }: PlaceIds, files: BundleFiles, seq: number): Promise<void> {
  const keys = await FileKeys.open(keyFile, { create: false });
  const now_s = Math.floor(Date.now() / 1000);
  const scope = bundleScope(environmentId);
  const claims = { tenant: tenantId, scope, seq, jti: `bdl_${seq}`, iat: now_s, nbf: now_s - 60, exp: now_s + 7_200 };
  const { bytes, digest } = await signBundle({ files, key: await keys.signingKey(tenantId, 'policy_bundle'), claims });
  const objectKey = `bundles/${digest.replace(':', '-')}`;
  await new FolderObjects(objectsFolder).put(objectKey, bytes);
  await control.forTenant(tenantId, (tx) => insertBundle(tx, tenantId, { scope, seq, digest, objectKey }));
}
