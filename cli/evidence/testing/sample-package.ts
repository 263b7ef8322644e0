import { createHash } from 'node:crypto';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import { SampleStatement, json } from './sample-statement.ts';

/** One change of what a package says, before it is signed: in a file, in the claims, or in the events of a type; `drop` leaves the event out. */
export interface Change {
  /** A file, `claims`, or a type of event. */
  readonly where: string;
  /** Of its JSON. */
  readonly from?: string;
  readonly to?: string;
  readonly drop?: boolean;
}

interface PackageParts {
  readonly subject_id: string;
  readonly claims: object;
  readonly files: Readonly<Record<string, object | Uint8Array>>;
  readonly events: readonly SampleEvent[];
}

type SampleEvent = ReturnType<typeof event>;

/** A package of a kind, made by hand from its description; signed by the keys of another sample, where one is given. @throws when a change changes nothing: then the test would show nothing */
export function samplePackage(kind: PackageKind, changes: readonly Change[] = [], { evidenceKey, checkpointKey } = new SampleStatement()): SampleStatement {
  const sample = Object.assign(new SampleStatement(), { evidenceKey, checkpointKey });
  const { subject_id, claims, files, events } = PARTS[kind](sample);
  const asked = event('evidence.package_requested', { kind: 'evidence_package', id: 'evp_1' }, { kind, subject_id }, 'prn_auditor');
  const texts = new Map([['claims', JSON.stringify(claims)], ...Object.entries(files).flatMap(([path, value]) => (value instanceof Uint8Array ? [] : [[path, JSON.stringify(value)] as const])), ...[...events, asked].map((one, index) => [`${one.type} ${index}`, JSON.stringify(one)] as const)]);
  for (const change of changes) apply(change, texts);
  sample.predicateType = 'https://countersign.dev/evidence/package/v2';
  sample.predicate = { evidence_id: 'evp_1', kind, subject_id, requested_by: 'prn_auditor', claims: JSON.parse(texts.get('claims')!) as object };
  sample.packageFiles = new Map(Object.entries(files).map(([path, value]) => [path, value instanceof Uint8Array ? value : json(JSON.parse(texts.get(path)!))]));
  sample.packageEvents = [...texts].filter(([name]) => / \d+$/.test(name)).map(([, text]) => JSON.parse(text) as object);
  return sample;
}

function apply({ where, from = '', to = '', drop = false }: Change, texts: Map<string, string>): void {
  const name = [...texts.keys()].find((one) => one === where || one.replace(/ \d+$/, '') === where);
  const text = name === undefined ? '' : texts.get(name)!;
  if (name === undefined || (!drop && !text.includes(from))) throw new RangeError(`There is no ${where} with ${from} in it.`);
  if (drop) texts.delete(name);
  else texts.set(name, text.replace(from, to));
}

const DIGEST = `sha256:${'1'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'2'.repeat(64)}`;

const PARTS: Readonly<Record<PackageKind, (sample: SampleStatement) => PackageParts>> = {
  approval() {
    const { approvals, decisions, calls, actions, events } = new SampleStatement().parts;
    const approval = { ...approvals[0]!, run_id: 'run_1' };
    const became = [['pending', 'approved'], ['approved', 'consumed']].map(([from, to]) => ({ ...event('approval.state_changed', { kind: 'approval', id: 'apr_1' }, { from, to }), run_id: 'run_1' }));
    return {
      subject_id: 'apr_1', claims: { run_id: 'run_1', state: 'consumed', action_digest: approval.action_digest, calls: 1 },
      files: { 'approvals.json': { approvals: [approval] }, 'decisions.json': { decisions }, 'tool-calls.json': { tool_calls: calls }, 'actions.json': { actions } },
      events: [...events.filter(({ type }) => !type.startsWith('run.')) as unknown as SampleEvent[], ...became as unknown as SampleEvent[]],
    };
  },
  policy_release() {
    const release = {
      id: 'prl_1', workspace_id: 'wsp_1', environment_id: 'env_1', environment: 'prod', mode: 'enforce', number: 4, kind: 'release', tenant_version: 7, workspace_version: null, environment_version: null,
      stack_digest: DIGEST, state: 'released', requested_by: 'prn_1', replay_id: 'prp_1', overridden_by: 'prn_2', released_at: '2026-11-01T10:00:00.000Z', ended_by: null,
    };
    const about = { environment: 'prod', mode: 'enforce', number: 4 };
    const subject = { kind: 'policy_release', id: 'prl_1' };
    const bundle = { id: 'pbl_1', scope: 'env_1', seq: 9, revision: 'r9', digest: OTHER_DIGEST, kid: 'bundle-1' };
    const { id: _id, ...signed } = bundle;
    return {
      subject_id: 'prl_1', claims: { state: 'released', stack_digest: DIGEST, environment: 'prod', mode: 'enforce', replay_id: 'prp_1' },
      files: {
        'release.json': release, 'versions.json': { versions: [{ layer: 'tenant', version: 7, digest: DIGEST, draft_id: 'pdr_1', published_by: 'prn_1' }] }, 'bundles.json': { bundles: [bundle] },
        'replay.json': { id: 'prp_1', stack_digest: DIGEST }, 'diff.json': { files: [] },
      },
      events: [
        event('policy.version_published', { kind: 'policy_layer', id: 'tenant' }, { version: 7, digest: DIGEST, draft_id: 'pdr_1' }),
        event('policy.release_blocked', subject, { ...about, replay_id: 'prp_1' }),
        event('policy.gate_overridden', subject, { ...about, requested_by: 'prn_1' }, 'prn_2'),
        event('policy.bundle_signed', { kind: 'policy_bundle', id: 'pbl_1' }, { ...signed, release_id: 'prl_1' }, 'control-plane'),
        event('policy.released', subject, { ...about, kind: 'release', stack: { packs: [], tenant: 7, workspace: null, environment: null }, stack_digest: DIGEST, replay_id: 'prp_1', requested_by: 'prn_1', bundle_id: 'pbl_1', seq: 9 }, 'prn_2'),
      ],
    };
  },
  period({ evidenceKey, checkpointKey }) {
    const run = Object.assign(new SampleStatement(), { evidenceKey, checkpointKey });
    const [from, to] = ['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'];
    const said = { workflow_name: 'w', state: 'succeeded', finished_at: '2026-11-01T10:00:09.000Z', cost_usd: '0.1' };
    Object.assign(run.parts.run, said);
    const member = run.seal();
    return {
      subject_id: `${from}/${to}`, claims: { from, to, runs: 1, without_evidence: 1, members_inside: 1 },
      files: {
        'members.json': {
          members: [{ run_id: 'run_1', evidence_id: 'evd_1', sha256: createHash('sha256').update(member).digest('hex'), size_bytes: member.length, path: 'runs/run_1.evidence.zip', ...said }],
          without_evidence: [{ run_id: 'run_2', state: 'running' }],
        },
        'runs/run_1.evidence.zip': member,
      },
      events: [],
    };
  },
  erasure: () => ({
    subject_id: 'ers_1', claims: { pseudonym: 'person-1', counts: { 'control.people': 1, objects: 1 } },
    files: { 'erasure.json': {
      request_id: 'ers_1', pseudonym: 'person-1', principal_id: 'prn_3', counts: { 'control.people': 1, objects: 1 }, not_searched: { 'audit.*': 'append-only' },
      findings: [{ place: 'control.people', row_id: 'prn_3', action: 'pseudonymised' }, { place: 'objects', row_id: 'o1', action: 'retained', retained_until: '2027-11-01T00:00:00.000Z' }],
    } },
    events: [event('erasure.requested', { kind: 'erasure_request', id: 'ers_1' }, { pseudonym: 'person-1', principal_id: 'prn_3', terms: 3 })],
  }),
  break_glass() {
    const grant = { grant_id: 'bgl_1', principal_id: 'prn_1', role: 'admin', activated_at: '2026-11-01T10:00:00.000Z', ends_at: '2026-11-01T11:00:00.000Z', ended_at: '2026-11-01T10:00:00.000Z', ended_because: 'ended', events: 4 };
    const subject = { kind: 'break_glass', id: 'bgl_1' };
    return {
      subject_id: 'bgl_1', claims: grant, files: { 'break-glass.json': grant },
      events: [
        event('break_glass.activated', subject, { role: 'admin', ends_at: grant.ends_at }), event('kill_switch.set', { kind: 'kill_switch', id: 'ksw_1' }, { scope: 'tenant' }),
        event('break_glass.ended', subject, { role: 'admin', because: 'ended' }), event('break_glass.reviewed', subject, { verdict: 'justified', of: 'prn_1' }, 'prn_2'),
      ],
    };
  },
  tenant_move() {
    const facts = { state: 'cut_over', from_cell: 'us-1', to_cell: 'us-2', digest: '3'.repeat(64), rows: 682, objects: 13 };
    const [from, to, subject] = ['us-1', 'us-2', { kind: 'tenant', id: 'ten_1' }];
    return {
      subject_id: 'mov_1', claims: facts, files: { 'move.json': { id: 'mov_1', ...facts } },
      events: [
        event('tenant.moved_out', subject, { move_id: 'mov_1', from_cell: from, to_cell: to }, 'tenant-move'),
        event('tenant.moved_in', subject, { move_id: 'mov_1', from_cell: from, to_cell: to, digest: facts.digest, rows: 682, tables: 90 }, 'tenant-move'),
      ],
    };
  },
};

function event(type: string, subject: { readonly kind: string; readonly id: string }, data: object, actorId = 'prn_1') {
  return { id: `aud_${type}`, type, at: '2026-11-01T10:00:00.000Z', tenant_id: 'ten_1', workspace_id: 'wsp_1', run_id: null, actor: { kind: 'person', id: actorId }, subject, data };
}
