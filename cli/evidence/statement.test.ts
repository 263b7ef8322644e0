import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import { EvidenceError } from './errors.ts';
import { redactEvidence } from './redact.ts';
import { samplePackage } from './testing/sample-package.ts';
import type { Change } from './testing/sample-package.ts';
import { SampleStatement, json } from './testing/sample-statement.ts';
import { verifyEvidence } from './verify.ts';
import type { VerifyOptions } from './verification.ts';

const NOBODY: VerifyOptions = { trustedKeys: null };

function refusal(bytes: Uint8Array, options: VerifyOptions = NOBODY): EvidenceError {
  try {
    verifyEvidence(bytes, options);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new Error('It was verified.');
}

function witnessOf(sample: SampleStatement): VerifyOptions['witnesses'] {
  const key = parseVerifierKey(sample.witness);
  return key === null ? [] : [key];
}

describe('good evidence', () => {
  it('is verified, and says what that proves and what not', () => {
    const sample = new SampleStatement();
    const found = verifyEvidence(sample.seal(), { trustedKeys: sample.keys, witnesses: witnessOf(sample), expectTenant: 'ten_1' });
    expect(found.proofs.map((proof) => proof.check)).toEqual(['files', 'signature', 'checkpoint', 'witness', 'events', 'decisions', 'approvals', 'record', 'cost']);
    expect(found).toMatchObject({ format: 'v2', kind: 'run', run_id: 'run_1', evidence_id: 'evd_1', redacted: false, withheld: [], cosigned_by: ['witness.example/w1'] });
    expect(found.not_proven.join(' ')).toContain('which ones belong is the word of the cell');
    expect(found.not_proven.join(' ')).not.toContain('Who signed');
  });

  it('says so when nobody is trusted and no witness asked', () => {
    const { not_proven } = verifyEvidence(new SampleStatement().seal(), NOBODY);
    expect(not_proven.join(' ')).toContain('Who signed');
    expect(not_proven.join(' ')).toContain('--witness');
  });

  it('stands in trees of every size and at every place', () => {
    for (let others = 0; others < 40; others += 1) {
      const sample = new SampleStatement();
      sample.parts.otherEvents = others;
      expect(verifyEvidence(sample.seal(), NOBODY).verified).toBe(true);
    }
  });

  it('shows by what sign-in a vote was cast, as the audit has it', () => {
    const sample = new SampleStatement();
    Object.assign(sample.parts.approvals[0]!.votes[0]!, { auth: { method: 'oidc', idp: 'idp_1', acr: null, amr: ['otp'] } });
    Object.assign(sample.parts.events[2]!.data, { auth_method: 'oidc', idp: 'idp_1', acr: null, amr: ['otp'] });
    expect(verifyEvidence(sample.seal(), NOBODY).verified).toBe(true);
  });

  it('says of writes whether they were read back, and to which version they went', () => {
    const sample = new SampleStatement();
    const text = '{"action":"incident.update","target":{"id":"r1","version":"3"}}';
    const receipt = { target_id: 'r1', version_before: '4', version_after: '5', verified_by_reading_back: false };
    Object.assign(sample.parts.calls[0]!, { receipt });
    Object.assign(sample.parts.events[5]!.data, receipt);
    const found = verifyEvidence(withAction(sample, text).seal(), NOBODY);
    expect(found.proofs.map(({ check }) => check)).toContain('receipts');
    expect(found.not_proven.join(' ')).toContain('it was not read back');
    expect(found.not_proven.join(' ')).toContain('approved at version 3 and written at version 4');
  });
});

describe('altered evidence is refused and the file named', () => {
  const sample = new SampleStatement();
  const good = sample.files();

  it('for one byte in each file, checksums put right again', () => {
    for (const [path, bytes] of good) {
      const altered = Buffer.from(bytes);
      altered[Math.floor(altered.length / 2)]! ^= 1;
      expect(refusal(encodeArchive(new Map(good).set(path, altered))).file, path).toBe(path);
    }
  });

  it('for every bit of the envelope', () => {
    const envelope = good.get('statement.dsse.json')!;
    for (let bit = 0; bit < envelope.length * 8; bit += 11) {
      const altered = Uint8Array.from(envelope);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(refusal(encodeArchive(new Map(good).set('statement.dsse.json', altered))).file, `bit ${bit}`).toBe('statement.dsse.json');
    }
  });

  it('for a file that is missing, added or moved from elsewhere', () => {
    for (const path of good.keys()) {
      const without = new Map(good);
      without.delete(path);
      // Without the envelope it is taken for evidence of the first format, whose manifest is missing.
      expect(refusal(encodeArchive(without)).file, path).toBe(path === 'statement.dsse.json' ? 'manifest.json' : path);
    }
    expect(refusal(encodeArchive(new Map(good).set('extra.json', json({}))))).toMatchObject({ code: 'file_unexpected', file: 'extra.json' });
    const foreign = new SampleStatement().files();
    for (const path of ['statement.dsse.json', 'checkpoint.txt', 'keys.json']) expect(['file_altered', 'signature_invalid', 'file_missing']).toContain(refusal(encodeArchive(new Map(good).set(path, foreign.get(path)!))).code);
  });

  it('for another spelling of the envelope', () => {
    const text = Buffer.from(good.get('statement.dsse.json')!).toString();
    const others = [
      `${text}\n`, text.replace('{', '{ '), text.replace('"payloadType"', '"payloadType":"x","payloadType"'), text.replace('"signatures":[', '"signatures":[{"keyid":"other","sig":"AAAA"},'),
      text.replace(/"sig":"([^"]*)"/, (_all, sig: string) => `"sig":"${sig.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}"`), text.replace('"payloadType"', '"extra":1,"payloadType"'),
      text.replace(/"payload":"([^"]{4})/, '"payload":"$1 '),
    ];
    for (const other of others) expect(refusal(encodeArchive(new Map(good).set('statement.dsse.json', Buffer.from(other)))).file, other.slice(0, 60)).toBe('statement.dsse.json');
  });
});

describe('evidence that is signed and yet wrong is refused', () => {
  const cases: Array<[string, (sample: SampleStatement) => void, { code: string; file: string }]> = [
    ['an event that the tree does not hold', (sample) => { sample.overrides.set('events/1.json', json({ ...sample.parts.events[0]!, type: 'run.state_changed' })); }, { code: 'event_not_proven', file: 'events/1.json' }],
    ['an event at another place', (sample) => { const { files } = sample.content(); sample.overrides.set('events/3.json', files.get('events/4.json')!).set('events/4.json', files.get('events/3.json')!); }, { code: 'event_not_proven', file: 'events/3.json' }],
    ['an event without a proof', (sample) => { sample.overrides.set('events/2.json', json(sample.parts.events[0]!)); }, { code: 'event_not_proven', file: 'proofs.json' }],
    ['a proof to a tree of another size', (sample) => { sample.overrides.set('proofs.json', json({ ...read(sample, 'proofs.json'), tree_size: 7 })); }, { code: 'event_not_proven', file: 'proofs.json' }],
    ['a checkpoint of another chain', (sample) => { sample.predicate = { run_id: 'run_1', workspace_id: 'wsp_2' }; }, { code: 'record_inconsistent', file: 'statement.dsse.json' }],
    ['a checkpoint with line feeds of Windows', (sample) => { sample.overrides.set('checkpoint.txt', Buffer.from(text(sample, 'checkpoint.txt').replaceAll('\n', '\r\n'))); }, { code: 'file_invalid', file: 'checkpoint.txt' }],
    ['a checkpoint whose signature is of the evidence key', (sample) => { Object.assign(sample.checkpointKey, sample.evidenceKey); sample.overrides.set('keys.json', json({ keys: sample.keys.keys.slice(0, 1) })); }, { code: 'key_missing', file: 'checkpoint.txt' }],
    ['a key that others may have', (sample) => { sample.compromisedSince = '2026-11-01T00:00:00.000Z'; }, { code: 'key_revoked', file: 'checkpoint.txt' }],
    ['a subject that is no file', (sample) => { sample.alterStatement = (statement) => { (statement['subject'] as object[]).push({ name: 'zzz.json', digest: { sha256: 'a'.repeat(64) } }); }; }, { code: 'file_missing', file: 'zzz.json' }],
    ['subjects out of order', (sample) => { sample.alterStatement = (statement) => { (statement['subject'] as object[]).reverse(); }; }, { code: 'file_invalid', file: 'statement.dsse.json' }],
    ['a statement of another kind', (sample) => { sample.predicateType = 'https://slsa.dev/provenance/v1'; }, { code: 'format_unknown', file: 'statement.dsse.json' }],
    ['a file of another form', (sample) => { sample.overrides.set('steps.json', Buffer.from('{"steps": []}')); }, { code: 'file_not_canonical', file: 'steps.json' }],
    ['a decision that only the audit tells of', ({ parts }) => { parts.events.splice(3, 0, { ...parts.events[3]!, id: 'aud_more', subject: { kind: 'x', id: 'dec_2' } }); }, { code: 'record_contradicts_audit', file: 'decisions.json' }],
    ['a call that only the audit tells of', ({ parts }) => { parts.events.splice(5, 0, { ...parts.events[4]!, id: 'aud_more', subject: { kind: 'x', id: 'call_2' } }); }, { code: 'record_contradicts_audit', file: 'tool-calls.json' }],
    ['a vote that the audit does not show', ({ parts }) => { parts.events.splice(2, 1); }, { code: 'record_contradicts_audit', file: 'approvals.json' }],
    ['another sign-in than the audit shows', ({ parts }) => { Object.assign(parts.approvals[0]!.votes[0]!, { auth: { method: 'oidc', idp: 'idp_1', acr: 'mfa', amr: ['otp'] } }); Object.assign(parts.events[2]!.data, { auth_method: 'oidc', idp: 'idp_1', acr: 'mfa', amr: ['pwd'] }); }, { code: 'record_contradicts_audit', file: 'approvals.json' }],
    ['too few votes', ({ parts }) => { parts.approvals[0]!.required_votes = 2; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['a receipt of another version', ({ parts }) => { Object.assign(parts.calls[0]!, { receipt: { target_id: 'r', version_before: '1', version_after: '2', verified_by_reading_back: true } }); Object.assign(parts.events[5]!.data, { version_after: '3' }); }, { code: 'record_contradicts_audit', file: 'tool-calls.json' }],
    ['an event of another run', ({ parts }) => { parts.events[1]!.run_id = 'run_2'; }, { code: 'record_inconsistent', file: 'events' }],
  ];
  it.each(cases)('%s', (_name, alter, expected) => {
    const sample = new SampleStatement();
    alter(sample);
    expect(refusal(sample.seal())).toMatchObject(expected);
  });

  it('by keys that are not trusted, for another tenant, without the witness', () => {
    const [sample, other] = [new SampleStatement(), new SampleStatement()];
    expect(refusal(sample.seal(), { trustedKeys: other.keys })).toMatchObject({ code: 'signature_invalid' });
    expect(refusal(sample.seal(), { trustedKeys: { keys: [] } })).toMatchObject({ code: 'key_not_trusted', file: 'statement.dsse.json' });
    expect(refusal(sample.seal(), { trustedKeys: null, expectTenant: 'ten_2' })).toMatchObject({ code: 'tenant_unexpected' });
    expect(refusal(sample.seal(), { trustedKeys: null, witnesses: witnessOf(other) })).toMatchObject({ code: 'witness_missing', file: 'checkpoint.txt' });
  });
});

it('a checkpoint that a witness had seen before its key was compromised still holds', () => {
  const sample = new SampleStatement();
  sample.compromisedSince = '2026-11-02T00:00:00.000Z';
  expect(refusal(sample.seal()).code).toBe('key_revoked');
  expect(verifyEvidence(sample.seal(), { trustedKeys: null, witnesses: witnessOf(sample) }).verified).toBe(true);
});

describe('redacted evidence', () => {
  const sample = new SampleStatement();
  const redacted = redactEvidence(sample.seal(), ['events/4.json', 'actions.json'], 'of another matter');

  it('verifies, and says what was left out', () => {
    const found = verifyEvidence(redacted, { trustedKeys: sample.keys });
    expect(found.redacted).toBe(true);
    expect(found.withheld.map(({ path }) => path)).toEqual(['actions.json', 'events/4.json', 'index.html']);
    expect(found.proofs.map(({ check }) => check)).toContain('events');
    expect(found.not_proven.join(' ')).toContain('actions.json was left out');
  });

  it('can be redacted again, and verifies whatever is left out that may be', () => {
    const paths = [...sample.files().keys()].filter((path) => !['statement.dsse.json', 'proofs.json', 'checkpoint.txt', 'keys.json', 'index.html'].includes(path));
    let bytes: Uint8Array = sample.seal();
    for (const path of paths) {
      expect(verifyEvidence(redactEvidence(sample.seal(), [path], 'alone'), NOBODY).withheld.map((one) => one.path), path).toContain(path);
      bytes = redactEvidence(bytes, [path], 'one after the other');
    }
    expect(verifyEvidence(bytes, NOBODY).withheld).toHaveLength(paths.length + 1);
  });

  it('does not hide what may not be hidden, and not what was never there', () => {
    for (const path of ['proofs.json', 'keys.json', 'checkpoint.txt', 'statement.dsse.json', 'no-such.json']) {
      expect(() => redactEvidence(sample.seal(), [path], 'r')).toThrow(expect.objectContaining({ code: 'redaction_invalid', file: path }) as Error);
    }
  });

  it('is refused when something is missing that it does not name, or there that it does', () => {
    const files = sample.files();
    const actions = files.get('actions.json')!;
    const withheld = [{ path: 'actions.json', sha256: '0'.repeat(64), reason: 'r' }];
    expect(refusal(encodeArchive(new Map(files).set('redactions.json', json({ withheld })))).code).toBe('redaction_invalid');
    files.delete('actions.json');
    expect(refusal(encodeArchive(new Map(files).set('redactions.json', json({ withheld }))))).toMatchObject({ code: 'redaction_invalid' });
    expect(refusal(encodeArchive(new Map(files).set('redactions.json', json({ withheld: [] }))))).toMatchObject({ code: 'redaction_invalid' });
    expect(actions.length).toBeGreaterThan(0);
    expect(refusal(encodeArchive(files))).toMatchObject({ code: 'file_missing', file: 'actions.json' });
  });

  it('still finds a record that contradicts what is left of the audit', () => {
    const wrong = new SampleStatement();
    wrong.parts.decisions[0]!.outcome = 'DENY';
    const files = wrong.files();
    const left = files.get('tool-calls.json')!;
    files.delete('tool-calls.json');
    files.set('redactions.json', json({ withheld: [{ path: 'tool-calls.json', sha256: sha(wrong, 'tool-calls.json'), reason: 'r' }] }));
    expect(left.length).toBeGreaterThan(0);
    expect(refusal(encodeArchive(files))).toMatchObject({ code: 'record_contradicts_audit', file: 'decisions.json' });
  });
});

describe('a package of runs', () => {
  function period(inside: boolean): { sample: SampleStatement; member: Uint8Array } {
    const outside: Change[] = [{ where: 'members.json', from: '"runs/run_1.evidence.zip"', to: 'null' }, { where: 'claims', from: '"members_inside":1', to: '"members_inside":0' }];
    const sample = samplePackage('period', inside ? [] : outside);
    const member = sample.packageFiles!.get('runs/run_1.evidence.zip')!;
    if (!inside) sample.packageFiles!.delete('runs/run_1.evidence.zip');
    return { sample, member };
  }

  it('verifies with those that it holds, and with those that lie beside it', () => {
    expect(verifyEvidence(period(true).sample.seal(), NOBODY)).toMatchObject({ kind: 'period', run_id: null, members_verified: 1 });
    const { sample, member } = period(false);
    expect(verifyEvidence(sample.seal(), NOBODY)).toMatchObject({ members_verified: 0 });
    expect(verifyEvidence(sample.seal(), { trustedKeys: null, memberOf: () => member })).toMatchObject({ members_verified: 1 });
  });

  it('holds runs, and no other packages: as deep as somebody likes', () => {
    const [outer, inner] = [period(true).sample, period(true).sample.seal()];
    const named = { run_id: 'run_1', evidence_id: 'evp_1', sha256: hash(inner), size_bytes: inner.length, path: 'runs/run_1.evidence.zip', workflow_name: 'w', state: 'succeeded', finished_at: '2026-11-01T10:00:09.000Z', cost_usd: '0.1' };
    outer.overrides.set('members.json', json({ members: [named], without_evidence: [{ run_id: 'run_2', state: 'running' }] }));
    outer.overrides.set('runs/run_1.evidence.zip', inner);
    expect(refusal(outer.seal())).toMatchObject({ code: 'member_altered', message: expect.stringContaining('not of other packages') as string });
  });

  it('is refused where a list is none, whoever signed it', () => {
    for (const members of [{}, { members: {}, without_evidence: [] }, { members: [null], without_evidence: [] }, { members: [], without_evidence: null }]) {
      const { sample } = period(true);
      sample.overrides.set('members.json', json(members));
      expect(refusal(sample.seal())).toMatchObject({ code: 'file_invalid' });
    }
  });

  it('is refused with the evidence of another run beside it', () => {
    expect(refusal(period(false).sample.seal(), { trustedKeys: null, memberOf: () => new SampleStatement().seal() })).toMatchObject({ code: 'member_altered', file: 'run_1.evidence.zip' });
  });
});

function withAction(sample: SampleStatement, actionText: string): SampleStatement {
  const digest = `sha256:${hash(Buffer.from(actionText))}`;
  const before = sample.parts.actions[0]!.action_digest;
  const renamed = JSON.parse(JSON.stringify(sample.parts).replaceAll(before, digest)) as SampleStatement['parts'];
  renamed.actions[0] = { action_digest: digest, text: actionText };
  return Object.assign(sample, { parts: renamed });
}

function read(sample: SampleStatement, path: string): object {
  return JSON.parse(text(sample, path)) as object;
}

function text(sample: SampleStatement, path: string): string {
  return Buffer.from(sample.content().files.get(path)!).toString();
}

function sha(sample: SampleStatement, path: string): string {
  return hash(sample.files().get(path)!);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
