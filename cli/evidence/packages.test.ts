import { describe, expect, it } from 'vitest';
import { encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { PACKAGE_KINDS } from '@countersign/contracts/evidence/statement.ts';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from './errors.ts';
import { redactEvidence } from './redact.ts';
import { samplePackage } from './testing/sample-package.ts';
import type { Change } from './testing/sample-package.ts';
import { verifyEvidence } from './verify.ts';

const NOBODY = { trustedKeys: null };

function refusal(kind: PackageKind, changes: readonly Change[]): EvidenceError {
  try {
    verifyEvidence(samplePackage(kind, changes).seal(), NOBODY);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new RangeError('It was verified.');
}

describe('a good package says what it proves of its kind, and what not', () => {
  const cases: Array<[PackageKind, readonly string[], RegExp]> = [
    ['approval', ['request', 'votes', 'decisions', 'approvals'], /content is not in evidence/],
    ['policy_release', ['request', 'release', 'second_person', 'versions', 'bundle', 'replay'], /What the bundle decides: only its digest is here/],
    ['period', ['request', 'members'], /That these are all runs of the period/],
    ['erasure', ['request', 'erasure'], /keeps them until 2027-11-01.*not searched/s],
    ['break_glass', ['request', 'grant', 'deeds', 'second_person'], /That they did nothing else/],
    ['tenant_move', ['request', 'left', 'arrived'], /That nothing of the tenant is left in us-1/],
  ];
  it.each(cases)('%s', (kind, checks, notProven) => {
    const sample = samplePackage(kind);
    const found = verifyEvidence(sample.seal(), { trustedKeys: sample.keys });
    expect(found.proofs.map(({ check }) => check)).toEqual(['files', 'signature', 'checkpoint', 'events', ...checks]);
    expect(found.not_proven.join('\n')).toMatch(notProven);
    expect(found).toMatchObject({ kind, run_id: null, members_verified: kind === 'period' ? 1 : 0 });
  });

  it('none is left out', () => expect(cases.map(([kind]) => kind).toSorted()).toEqual([...PACKAGE_KINDS].toSorted()));
});

describe('a package that is signed and yet wrong is refused', () => {
  const cases: Array<[PackageKind, string, readonly Change[], { code: string; file: string }]> = [
    ['approval', 'asked for as something else', [{ where: 'evidence.package_requested', from: 'apr_1', to: 'apr_2' }], { code: 'record_contradicts_audit', file: 'statement.dsse.json' }],
    ['approval', 'asked for by nobody', [{ where: 'evidence.package_requested', drop: true }], { code: 'record_contradicts_audit', file: 'statement.dsse.json' }],
    ['approval', 'asked for by somebody else', [{ where: 'evidence.package_requested', from: 'prn_auditor', to: 'prn_1' }], { code: 'record_contradicts_audit', file: 'statement.dsse.json' }],
    ['approval', 'of another approval', [{ where: 'approvals.json', from: '"id":"apr_1"', to: '"id":"apr_2"' }], { code: 'record_inconsistent', file: 'approvals.json' }],
    ['approval', 'of another run', [{ where: 'claims', from: 'run_1', to: 'run_2' }], { code: 'record_inconsistent', file: 'approvals.json' }],
    ['approval', 'voted on by who asked', [{ where: 'approvals.json', from: '"requested_by":"workflow:incident-triage"', to: '"requested_by":"prn_1"' }], { code: 'approval_insufficient', file: 'approvals.json' }],
    ['approval', 'with too few votes', [{ where: 'approvals.json', from: '"required_votes":1', to: '"required_votes":2' }], { code: 'approval_insufficient', file: 'approvals.json' }],
    ['approval', 'that the audit never saw used', [{ where: 'approval.state_changed', drop: true }, { where: 'approval.state_changed', drop: true }], { code: 'record_contradicts_audit', file: 'approvals.json' }],
    ['approval', 'whose call has another outcome', [{ where: 'tool-calls.json', from: '"state":"succeeded"', to: '"state":"failed"' }], { code: 'record_contradicts_audit', file: 'tool-calls.json' }],
    ['approval', 'without an intent of its call', [{ where: 'call.intended', drop: true }], { code: 'record_contradicts_audit', file: 'tool-calls.json' }],
    ['approval', 'with a decision that the audit does not show', [{ where: 'decision.made', drop: true }], { code: 'record_contradicts_audit', file: 'decisions.json' }],
    ['policy_release', 'of another release', [{ where: 'release.json', from: 'prl_1', to: 'prl_2' }], { code: 'record_inconsistent', file: 'release.json' }],
    ['policy_release', 'with another stack than is claimed', [{ where: 'claims', from: '1111', to: '1112' }], { code: 'record_inconsistent', file: 'release.json' }],
    ['policy_release', 'with another stack than was released', [{ where: 'policy.released', from: '1111', to: '1112' }], { code: 'record_contradicts_audit', file: 'release.json' }],
    ['policy_release', 'of other versions than were released', [{ where: 'policy.released', from: '"tenant":7', to: '"tenant":6' }], { code: 'record_contradicts_audit', file: 'release.json' }],
    ['policy_release', 'overridden by who asked', [{ where: 'release.json', from: 'prn_2', to: 'prn_1' }], { code: 'approval_insufficient', file: 'release.json' }],
    ['policy_release', 'overridden by nobody', [{ where: 'policy.gate_overridden', drop: true }], { code: 'record_contradicts_audit', file: 'release.json' }],
    ['policy_release', 'never released', [{ where: 'policy.released', drop: true }], { code: 'record_contradicts_audit', file: 'release.json' }],
    ['policy_release', 'with another version', [{ where: 'versions.json', from: '"version":7', to: '"version":8' }], { code: 'record_inconsistent', file: 'versions.json' }],
    ['policy_release', 'whose version has another digest', [{ where: 'versions.json', from: '1111', to: '1112' }], { code: 'record_contradicts_audit', file: 'versions.json' }],
    ['policy_release', 'whose bundle has another digest', [{ where: 'bundles.json', from: '2222', to: '2223' }], { code: 'record_contradicts_audit', file: 'bundles.json' }],
    ['policy_release', 'whose bundle is of another environment', [{ where: 'bundles.json', from: 'env_1', to: 'env_2' }], { code: 'record_inconsistent', file: 'bundles.json' }],
    ['policy_release', 'released as another bundle', [{ where: 'policy.released', from: 'pbl_1', to: 'pbl_2' }], { code: 'record_contradicts_audit', file: 'bundles.json' }],
    ['policy_release', 'with the replay of another stack', [{ where: 'replay.json', from: '1111', to: '1112' }], { code: 'record_inconsistent', file: 'replay.json' }],
    ['period', 'with a run that ended later', [{ where: 'members.json', from: '2026-11-01T10', to: '2026-12-01T10' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['period', 'of another period', [{ where: 'claims', from: '2026-12-01', to: '2026-12-02' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['period', 'with fewer runs than are claimed', [{ where: 'claims', from: '"runs":1', to: '"runs":2' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['period', 'with a run twice', [{ where: 'members.json', from: 'run_2', to: 'run_1' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['period', 'with another cost than its evidence', [{ where: 'members.json', from: '0.1', to: '0.2' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['period', 'with another end than its evidence', [{ where: 'members.json', from: 'succeeded', to: 'failed' }], { code: 'record_inconsistent', file: 'members.json' }],
    ['erasure', 'of another request', [{ where: 'erasure.json', from: 'ers_1', to: 'ers_2' }], { code: 'record_inconsistent', file: 'erasure.json' }],
    ['erasure', 'of somebody else', [{ where: 'erasure.json', from: '"principal_id":"prn_3"', to: '"principal_id":"prn_4"' }], { code: 'record_contradicts_audit', file: 'erasure.json' }],
    ['erasure', 'that nobody asked for', [{ where: 'erasure.requested', drop: true }], { code: 'record_contradicts_audit', file: 'erasure.json' }],
    ['erasure', 'whose findings do not add up', [{ where: 'erasure.json', from: '"place":"objects"', to: '"place":"control.people"' }], { code: 'record_inconsistent', file: 'erasure.json' }],
    ['erasure', 'that did something unheard of', [{ where: 'erasure.json', from: 'pseudonymised', to: 'kept' }], { code: 'record_inconsistent', file: 'erasure.json' }],
    ['break_glass', 'of another grant', [{ where: 'claims', from: 'bgl_1', to: 'bgl_2' }], { code: 'record_inconsistent', file: 'break-glass.json' }],
    ['break_glass', 'taken by somebody else', [{ where: 'break_glass.activated', from: 'prn_1', to: 'prn_3' }], { code: 'record_contradicts_audit', file: 'break-glass.json' }],
    ['break_glass', 'of another role', [{ where: 'break_glass.activated', from: 'admin', to: 'operator' }], { code: 'record_contradicts_audit', file: 'break-glass.json' }],
    ['break_glass', 'that never ended', [{ where: 'break_glass.ended', drop: true }], { code: 'record_contradicts_audit', file: 'break-glass.json' }],
    ['break_glass', 'with a deed left out', [{ where: 'kill_switch.set', drop: true }], { code: 'record_inconsistent', file: 'break-glass.json' }],
    ['break_glass', 'with a deed of somebody else', [{ where: 'kill_switch.set', from: 'prn_1', to: 'prn_3' }], { code: 'record_contradicts_audit', file: 'break-glass.json' }],
    ['break_glass', 'with a deed of another day', [{ where: 'kill_switch.set', from: '2026-11-01', to: '2026-11-02' }], { code: 'record_contradicts_audit', file: 'break-glass.json' }],
    ['break_glass', 'reviewed by who took it', [{ where: 'break_glass.reviewed', from: 'prn_2', to: 'prn_1' }], { code: 'approval_insufficient', file: 'break-glass.json' }],
    ['tenant_move', 'to another cell', [{ where: 'tenant.moved_out', from: 'us-2', to: 'us-3' }], { code: 'record_contradicts_audit', file: 'move.json' }],
    ['tenant_move', 'with other rows than arrived', [{ where: 'tenant.moved_in', from: '682', to: '681' }], { code: 'record_contradicts_audit', file: 'move.json' }],
    ['tenant_move', 'with another digest than arrived', [{ where: 'tenant.moved_in', from: '3333', to: '3334' }], { code: 'record_contradicts_audit', file: 'move.json' }],
    ['tenant_move', 'that never arrived', [{ where: 'tenant.moved_in', drop: true }], { code: 'record_contradicts_audit', file: 'move.json' }],
    ['tenant_move', 'that is said to be abandoned', [{ where: 'claims', from: 'cut_over', to: 'abandoned' }], { code: 'record_inconsistent', file: 'move.json' }],
  ];
  it.each(cases)('%s %s', (kind, _name, changes, expected) => {
    expect(refusal(kind, changes)).toMatchObject(expected);
  });
});

it('what is left of a redacted package still verifies, and says what it cannot show', () => {
  for (const kind of PACKAGE_KINDS) {
    const sample = samplePackage(kind);
    const [first = ''] = sample.packageFiles!.keys();
    const [last] = [...sample.files().keys()].filter((path) => path.startsWith('events/')).slice(-1);
    if (kind !== 'period') expect(verifyEvidence(redactEvidence(sample.seal(), [first], 'another matter'), NOBODY).not_proven.join(' '), kind).toContain('left out');
    expect(verifyEvidence(redactEvidence(sample.seal(), [last!], 'another matter'), NOBODY).not_proven.join(' '), kind).toContain('Who asked for the package');
  }
});

it('one byte in each file of each kind is found, checksums put right again', () => {
  for (const kind of PACKAGE_KINDS) {
    const files = samplePackage(kind).files();
    for (const [path, bytes] of files) {
      const altered = Buffer.from(bytes);
      altered[Math.floor(altered.length / 2)]! ^= 1;
      expect(() => verifyEvidence(encodeArchive(new Map(files).set(path, altered)), NOBODY), `${kind} ${path}`).toThrow(EvidenceError);
    }
  }
});
