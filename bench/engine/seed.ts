import { insertEnvironment, insertTenant, insertTenantDirectory, insertWorkspace } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { insertBundle, seedBundleKey, seedInstance, seedWorkflow } from '@countersign/execution-plane/testing/queries.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { compiledPolicy } from '../policy/situation.ts';
import { STEPS } from './contender.ts';
import type { StepKind } from './contender.ts';
import { noop } from './noop-connector.ts';

export interface BenchPlace {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
  readonly instanceId: string;
}

const ACTION: Readonly<Record<StepKind, string>> = { read: 'noop/thing.read', write: 'noop/thing.write', http: 'noop/thing.fetch' };

/** What the tenant adds to the base and one pack: these calls may be made without a person. */
const TENANT_LAYER = `package countersign.tenant

verdicts contains {
	"outcome": "ALLOW",
	"rule": "tenant/nothing_happens",
	"message": "Nothing happens by it",
	"obligations": {},
} if {
	input.action.connector == "noop"
}
`;

/** A tenant with its policy signed, an instance, and the workflow of five steps, each of which refers to the one before. */
export async function seed(control: Database, world: { keyFile: string; objectsFolder: string; localServerUrl: string; kind: StepKind }): Promise<BenchPlace> {
  const place = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), instanceId: newId('connector_instance'), personId: newId('principal') };
  const keys = await FileKeys.open(world.keyFile, { create: true });
  const signing = await keys.signingKey(place.tenantId, 'policy_bundle');
  const bundle = await signedPolicy(place, signing);
  const objectKey = `bundles/${bundle.digest.replace(':', '-')}`;
  await new FolderObjects(world.objectsFolder).put(objectKey, bundle.bytes);
  const definition = fiveSteps(ACTION[world.kind]);
  await control.forTenant(place.tenantId, async (tx) => {
    await tx.change(insertTenantDirectory, [place.tenantId, 'bench', 'us', 'local']);
    await tx.change(insertTenant, [place.tenantId, 'Bench']);
    await tx.change(insertWorkspace, [place.tenantId, place.workspaceId, 'operations', 'Operations']);
    await tx.change(insertEnvironment, [place.tenantId, place.workspaceId, place.environmentId, 'prod', 3]);
    await seedInstance(tx, place, {
      connector: noop.manifest.name, version: noop.manifest.version, digest: noop.manifestDigest, manifest: noop.manifest, baseUrl: world.localServerUrl, host: new URL(world.localServerUrl).host, name: 'main',
    });
    await seedWorkflow(tx, place, { id: newId('workflow'), name: definition.name, definition });
    await seedBundleKey(tx, place.tenantId, signing);
    await insertBundle(tx, place.tenantId, { scope: bundleScope(place.environmentId, 'enforce'), seq: 1, digest: bundle.digest, objectKey });
  });
  return place;
}

async function signedPolicy({ tenantId, environmentId }: BenchPlace, key: Awaited<ReturnType<FileKeys['signingKey']>>): Promise<{ bytes: Uint8Array; digest: string }> {
  const wasm = await compiledPolicy(TENANT_LAYER, ['base', 'packs/engineering']);
  const description = { name: 'bench', opa_version: 'bench', entrypoint: 'countersign/decision', roots: ['countersign'], sources: {}, wasm: digestOfBytes(wasm), probes: [] };
  const now_s = Math.floor(Date.now() / 1000);
  const claims = { tenant: tenantId, scope: bundleScope(environmentId, 'enforce'), seq: 1, jti: 'bdl_bench', iat: now_s, nbf: now_s - 60, exp: now_s + 3600 };
  return signBundle({ files: assembleBundle({ description: { ...description, reads: [] }, sources: new Map(), wasm }, 'bench', {}), key, claims });
}

function fiveSteps(uses: string): WorkflowDefinition {
  const steps = Array.from({ length: STEPS }, (_, n): StepDefinition => ({
    id: `step${n}`, uses, instance: null, with: { id: '${{ trigger.id }}' }, if: n === 0 ? null : `steps.step${n - 1}.output.ok`, needs: n === 0 ? [] : [`step${n - 1}`],
    retry: { max_attempts: 3, backoff: 'exponential', initial_ms: 100, max_ms: 1_000 }, timeout_ms: 20_000,
  }));
  return { api_version: 'countersign.dev/v1', name: 'five-steps', description: '', trigger: { connector: 'noop', event: 'thing.made' }, models: {}, steps };
}
