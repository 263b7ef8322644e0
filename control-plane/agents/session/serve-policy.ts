import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { servedBundle } from '../../policies/repository-bundles.ts';
import type { BundleRow } from '../../policies/repository-bundles.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';

export interface ServedPolicy {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
}

/**
 * The signed bundle that decides in the agent's environment, the digest as its ETag. Of no other environment, and none that only decides beside.
 *
 * @throws ApiError `not_found`, `policy_bundle_missing`
 */
export async function servePolicy({ database, objects }: { readonly database: Database; readonly objects: Objects }, agent: AdmittedAgent, scope: string, ifNoneMatch: string | undefined): Promise<ServedPolicy> {
  if (scope !== bundleScope(agent.environmentId)) throw new ApiError('not_found', `An agent is served the policy of its own environment: ${bundleScope(agent.environmentId)}.`);
  const bundle = await database.forTenant(agent.tenantId, (tx) => tx.maybeOne<BundleRow>(servedBundle, [agent.tenantId, scope]));
  if (bundle === undefined) throw new ApiError('policy_bundle_missing', 'No bundle was signed for this environment yet, so everything is denied.');
  const etag = `"${bundle.digest}"`;
  if (ifNoneMatch === etag) return { status: 304, headers: { etag } };
  return { status: 200, headers: { etag, 'content-type': 'application/gzip' }, bytes: await objects.get(bundle.object_key) };
}
