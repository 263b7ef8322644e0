import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { BundleRow } from './repository-bundles.ts';
import type { FileDifference } from './release-diff.ts';
import type { ReleaseRow } from './repository-releases.ts';
import { stackOfRelease } from './stacks-in-force.ts';

type PolicyRelease = components['schemas']['PolicyRelease'];
type PolicyReleaseSummary = components['schemas']['PolicyReleaseSummary'];

export function releaseSummary(row: ReleaseRow): PolicyReleaseSummary {
  const { id, environment_id, environment, mode, number, kind, layer, version, from_release_id, stack_digest, state, reason, requested_by, replay_id, overridden_by, ended_by } = row;
  return {
    id, environment_id, environment, mode, number, kind, layer, version, from_release_id, stack: stackOfRelease(row), stack_digest, state, reason, requested_by,
    requested_at: row.requested_at.toISOString(), released_at: row.released_at?.toISOString() ?? null, ended_by, ended_at: row.ended_at?.toISOString() ?? null, replay_id, overridden_by,
  };
}

export function releaseView(row: ReleaseRow, bundle: BundleRow | undefined, diff: readonly FileDifference[]): PolicyRelease {
  return { ...releaseSummary(row), bundle: bundle === undefined ? null : bundleOf(bundle), diff: [...diff], gate: row.gate, override_reason: row.override_reason, withdraw_reason: row.withdraw_reason };
}

function bundleOf({ scope, seq, revision, digest, signed_at, expires_at }: BundleRow): NonNullable<PolicyRelease['bundle']> {
  return { scope, seq: Number(seq), revision, digest, signed_at: signed_at.toISOString(), expires_at: expires_at.toISOString() };
}
