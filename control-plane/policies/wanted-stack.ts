import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { environmentsOf, layerOf } from './layers.ts';
import type { Layer } from './layers.ts';
import { findRelease, hasRun } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';
import type { EnvironmentRow } from './repository-layers.ts';
import { stackOfRelease } from './stacks-in-force.ts';
import type { StacksInForce } from './stacks-in-force.ts';
import { versionOf } from './stack-sources.ts';
import type { Stack } from './stack-sources.ts';

/** What a release puts in force, and where its versions come from. */
export interface WantedStack {
  readonly stack: Stack;
  readonly layer: string | null;
  readonly version: number | null;
  readonly fromReleaseId: string | null;
}

type Body = Call<'createPolicyRelease'>['body'];

/** What `body` asks for on top of what binds in the environment. @throws ApiError where it may not be, or is not there */
export async function wantedStack(tx: Transaction, principal: Principal, environment: EnvironmentRow, body: Body, inForce: StacksInForce): Promise<WantedStack> {
  refuseOtherFields(body);
  const mode = body.mode ?? 'enforce';
  if (body.kind === 'promote') return promoted(tx, principal, environment, inForce);
  if (body.kind === 'rollback') return rolledBack(tx, principal, environment, mode, body.to_release_id ?? null, inForce);
  const layer = await layerOf(tx, principal, body.layer ?? '');
  const wanted = await withVersion(tx, principal, environment, layer, body.version ?? 0, inForce);
  // What decides beside binds nobody: it may look at any version anywhere.
  if (mode === 'enforce') await refuseUnlessPromoted(tx, principal, environment, layer, body.version ?? 0);
  return wanted;
}

/** The stack that binds, with another version of one layer. */
export async function withVersion(tx: Transaction, { tenantId }: Principal, environment: EnvironmentRow, layer: Layer, version: number, inForce: StacksInForce): Promise<WantedStack> {
  if (layer.environmentId !== null && layer.environmentId !== environment.id) {
    throw new ApiError('policy_environment_unknown', `The layer ${layer.key} is of another environment than ${environment.name}.`);
  }
  const row = await versionOf(tx, tenantId, layer.key, version);
  const below = await inForce.stackOf(tx, tenantId, environment.id);
  return { stack: { ...below, [layer.kind]: version, packs: row.packs ?? below.packs }, layer: layer.key, version, fromReleaseId: null };
}

/** The tenant's and the workspace's versions of the environment before; an environment keeps its own layer. */
export async function promoted(tx: Transaction, principal: Principal, environment: EnvironmentRow, inForce: StacksInForce): Promise<WantedStack> {
  const before = await environmentBefore(tx, principal, environment);
  if (before === undefined) throw new ApiError('policy_not_promoted', `${environment.name} is the first environment: there is nothing before it to promote. Release a version in it.`);
  const release = await inForce.releaseOf(tx, principal.tenantId, before.id);
  if (release === undefined) throw new ApiError('policy_not_promoted', `${before.name} runs what is shipped: release a version in ${before.name} first.`);
  const own = await inForce.stackOf(tx, principal.tenantId, environment.id);
  return { stack: { ...stackOfRelease(release), environment: own.environment }, layer: null, version: null, fromReleaseId: release.id };
}

async function rolledBack(tx: Transaction, { tenantId, workspaceId }: Principal, environment: EnvironmentRow, mode: BundleMode, toReleaseId: string | null, inForce: StacksInForce): Promise<WantedStack> {
  if (toReleaseId === null) return { stack: inForce.shipped, layer: null, version: null, fromReleaseId: null };
  const release = await tx.maybeOne<ReleaseRow>(findRelease, [tenantId, workspaceId, toReleaseId]);
  const wasInForce = release !== undefined && release.environment_id === environment.id && release.mode === mode && release.released_at !== null;
  if (!wasInForce) throw invalid('to_release_id', `${environment.name} never ran a release ${toReleaseId} in mode ${mode}.`, 'Use a release that `GET /api/v1/policy-releases` lists for this environment and mode and that was in force, or null for what is shipped.');
  return { stack: stackOfRelease(release), layer: null, version: null, fromReleaseId: release.id };
}

/** What binds everywhere in the tenant or the workspace goes from environment to environment. */
async function refuseUnlessPromoted(tx: Transaction, principal: Principal, environment: EnvironmentRow, layer: Layer, version: number): Promise<void> {
  const before = layer.kind === 'environment' ? undefined : await environmentBefore(tx, principal, environment);
  if (before === undefined) return;
  const { has_run } = await tx.one<{ has_run: boolean }>(hasRun, [principal.tenantId, before.id, layer.kind, version]);
  if (!has_run) throw new ApiError('policy_not_promoted', `${before.name} has not run version ${version} of the layer ${layer.kind} yet: release it in ${before.name} first.`);
}

async function environmentBefore(tx: Transaction, principal: Principal, environment: EnvironmentRow): Promise<EnvironmentRow | undefined> {
  return (await environmentsOf(tx, principal)).findLast(({ ordinal }) => ordinal < environment.ordinal);
}

const FIELDS = { release: ['layer', 'version'], promote: [], rollback: ['to_release_id'] } as const;

/** Each kind has fields of its own: one too many is a misunderstanding, and it says so before anything is compiled. */
function refuseOtherFields(body: Body): void {
  const own: readonly string[] = FIELDS[body.kind];
  for (const field of ['layer', 'version', 'to_release_id'] as const) {
    if (own.includes(field) === (body[field] !== undefined)) continue;
    if (own.includes(field)) throw invalid(field, `A ${body.kind} needs ${own.map((name) => `\`${name}\``).join(' and ')}.`, 'This field is required.');
    throw invalid(field, `A ${body.kind} has no \`${field}\`.`, 'Leave it out.');
  }
}

function invalid(field: string, detail: string, message: string): ApiError {
  return new ApiError('request_invalid', detail, { errors: [{ field: `/${field}`, code: 'not_allowed', message }] });
}
