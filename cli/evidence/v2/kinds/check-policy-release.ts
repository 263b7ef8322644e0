import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical } from '../../read.ts';
import { contradiction, eventsOf, isShown, requireEvent } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import { combined } from '../../verification.ts';
import type { Findings, Proof } from '../../verification.ts';
import { isSame, requireClaims, requireSubject } from './claims.ts';

interface Release {
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly environment: string;
  readonly mode: BundleMode;
  readonly number: number;
  readonly kind: string;
  readonly tenant_version: number | null;
  readonly workspace_version: number | null;
  readonly environment_version: number | null;
  readonly stack_digest: string;
  readonly state: string;
  readonly requested_by: string;
  readonly replay_id: string | null;
  readonly overridden_by: string | null;
  readonly released_at: string | null;
  readonly ended_by: string | null;
}

interface Version {
  readonly layer: string;
  readonly version: number;
  readonly digest: string;
  readonly draft_id: string;
  readonly published_by: string;
}

interface Bundle {
  readonly id: string;
  readonly scope: string;
  readonly seq: number;
  readonly revision: string;
  readonly digest: string;
  readonly kid: string;
}

/** What was put in force where, by whom, and with whose second word: as the audit has it, and bound by digest to the versions and the signed bundle. */
export function checkPolicyRelease(record: ShownRecord, predicate: PackagePredicate): Findings {
  if (!isShown(record, 'release.json')) return { proofs: [], not_proven: ['What was released: release.json was left out.'] };
  const release = readCanonical<Release>(record.files, 'release.json');
  const { state, stack_digest, environment, mode, replay_id } = release;
  requireSubject(predicate, 'release.json', release.id);
  requireClaims(predicate, 'release.json', { state, stack_digest, environment, mode, replay_id });
  return combined(
    checkState(record, release), isShown(record, 'versions.json') ? checkVersions(record, release) : { proofs: [], not_proven: ['Which versions were released: versions.json was left out.'] },
    checkBundles(record, release), checkReplay(record, release),
    { proofs: [], not_proven: ['That diff.json is the difference between what was in force and this: that is the word of the cell. It shows again from the versions, by their digests.'] },
  );
}

/** Each thing that the release says was done to it is an event about it. */
function checkState(record: ShownRecord, release: Release): Findings {
  const { id, state, environment, mode, number, requested_by, stack_digest, replay_id, kind } = release;
  const about = { environment, mode, number };
  const proofs: Proof[] = [];
  if (release.released_at !== null) {
    const released = requireEvent(record, 'policy.released', id, { ...about, kind, stack_digest, replay_id, requested_by }, 'release.json');
    if (released !== undefined) requireStack(record, released, release);
    proofs.push({ check: 'release', proves: `Release ${number} of ${environment} (${mode}) was put in force with the stack ${stack_digest}, asked for by ${requested_by}, as the audit has it.` });
  }
  if (state === 'blocked') {
    requireEvent(record, 'policy.release_blocked', id, { ...about, replay_id }, 'release.json');
    proofs.push({ check: 'release', proves: `Release ${number} of ${environment} (${mode}), asked for by ${requested_by}, was held back by its gate, as the audit has it.` });
  }
  if (state === 'withdrawn') requireBy(record, 'policy.release_withdrawn', release, release.ended_by);
  if (release.overridden_by !== null) proofs.push(checkOverride(record, release, release.overridden_by));
  return { proofs, not_proven: [] };
}

function requireStack(record: ShownRecord, { data }: AuditEvent, { tenant_version, workspace_version, environment_version }: Release): void {
  const { tenant, workspace, environment } = (data['stack'] ?? {}) as Readonly<Record<string, unknown>>;
  if (!isSame([tenant, workspace, environment], [tenant_version, workspace_version, environment_version])) contradiction(record, 'release.json', 'the policy.released event is of other versions');
}

/** Whoever overrides a gate is not who asked for the release. */
function checkOverride(record: ShownRecord, release: Release, overriddenBy: string): Proof {
  if (overriddenBy === release.requested_by) throw new EvidenceError('approval_insufficient', 'release.json', `${overriddenBy} overrode the gate of a release that they asked for themselves.`);
  const event = requireBy(record, 'policy.gate_overridden', release, overriddenBy);
  if (event !== undefined && event.data['requested_by'] !== release.requested_by) contradiction(record, 'release.json', 'the policy.gate_overridden event says that somebody else asked for the release');
  return { check: 'second_person', proves: `Its gate was overridden by ${overriddenBy}, who is not ${release.requested_by}, who asked for it.` };
}

function requireBy(record: ShownRecord, type: AuditEventType, { id, number }: Release, who: string | null): AuditEvent | undefined {
  const event = requireEvent(record, type, id, { number }, 'release.json');
  if (event !== undefined && event.actor.id !== who) contradiction(record, 'release.json', `the ${type} event is by ${event.actor.id}, not by ${who ?? 'nobody'}`);
  return event;
}

/** The versions are those of the release, each with the digest under which it was published. */
function checkVersions(record: ShownRecord, release: Release): Findings {
  const { versions } = readCanonical<{ versions: readonly Version[] }>(record.files, 'versions.json');
  const wanted = [['tenant', release.tenant_version], [release.workspace_id, release.workspace_version], [release.environment_id, release.environment_version]].filter(([, version]) => version !== null);
  if (!isSame(versions.map(({ layer, version }) => `${layer} ${version}`).toSorted(), wanted.map(([layer, version]) => `${String(layer)} ${String(version)}`).toSorted())) {
    throw new EvidenceError('record_inconsistent', 'versions.json', 'versions.json does not have exactly the versions that release.json names.');
  }
  const published = versions.filter((version) => isPublished(record, version));
  return {
    proofs: published.length === 0 ? [] : [{ check: 'versions', proves: `${published.length} of its ${versions.length} version(s) have the digest with which the audit says that they were published, and by whom.` }],
    not_proven: versions.filter((version) => !published.includes(version)).map(({ layer, version, digest }) => `That version ${version} of the layer ${layer} is ${digest}: it was published in another workspace, or before what is shown.`),
  };
}

function isPublished(record: ShownRecord, { layer, version, digest, draft_id, published_by }: Version): boolean {
  const event = eventsOf(record, 'policy.version_published').find(({ subject, data }) => subject.id === layer && data['version'] === version);
  if (event === undefined) return false;
  if (event.data['digest'] !== digest || event.data['draft_id'] !== draft_id || event.actor.id !== published_by) contradiction(record, 'versions.json', `version ${version} of ${layer} was published with another digest, draft or by somebody else`);
  return true;
}

/** The bundle that points of decision loaded: by the digest under which it was signed. */
function checkBundles(record: ShownRecord, release: Release): Findings {
  // Packages of before had none.
  if (!record.files.has('bundles.json')) return { proofs: [], not_proven: release.released_at === null ? [] : ['Which signed bundle it became: bundles.json is not in the package.'] };
  const { bundles } = readCanonical<{ bundles: readonly Bundle[] }>(record.files, 'bundles.json');
  const released = eventsOf(record, 'policy.released').find(({ subject }) => subject.id === release.id);
  for (const { id, scope, seq, revision, digest, kid } of bundles) {
    if (scope !== bundleScope(release.environment_id, release.mode)) throw new EvidenceError('record_inconsistent', 'bundles.json', `The bundle ${id} is not of ${release.environment} in mode ${release.mode}.`);
    requireEvent(record, 'policy.bundle_signed', id, { scope, seq, revision, digest, kid, release_id: release.id }, 'bundles.json');
    if (released !== undefined && !isSame([released.data['bundle_id'], released.data['seq']], [id, seq])) contradiction(record, 'bundles.json', `the release was put in force as the bundle ${String(released.data['bundle_id'])}, not as ${id}`);
  }
  return {
    proofs: bundles.map(({ seq, digest, kid }) => ({ check: 'bundle', proves: `It became the signed bundle number ${seq}, whose SHA-256 is ${digest}, signed by ${kid}.` })),
    not_proven: bundles.length === 0 ? [] : ['What the bundle decides: only its digest is here. Whoever has the bundle compares its SHA-256, and asks it.'],
  };
}

function checkReplay(record: ShownRecord, { replay_id, stack_digest }: Release): Findings {
  if (replay_id === null || !record.files.has('replay.json')) return { proofs: [], not_proven: replay_id === null ? [] : ['What the replay found: replay.json is not in the package.'] };
  const replay = readCanonical<{ id: string; stack_digest: string }>(record.files, 'replay.json');
  if (replay.id !== replay_id || replay.stack_digest !== stack_digest) throw new EvidenceError('record_inconsistent', 'replay.json', 'replay.json is of another replay, or of another stack, than the release.');
  return { proofs: [{ check: 'replay', proves: `The replay ${replay_id} was of exactly this stack.` }], not_proven: ['What the replay counted: that is the word of the cell.'] };
}
