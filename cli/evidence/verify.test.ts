import { describe, expect, it } from 'vitest';
import { encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { EvidenceError } from './errors.ts';
import { SampleBundle } from './testing/sample-bundle.ts';
import { verifyEvidence } from './verify.ts';

function refusal(bytes: Uint8Array, trustedKeys: SampleBundle['keys'] | null = null): EvidenceError {
  try {
    verifyEvidence(bytes, { trustedKeys });
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
  throw new Error('It was verified.');
}

describe('a good bundle', () => {
  it('is verified, and says what that proves and what not', () => {
    const bundle = new SampleBundle();
    const { proofs, not_proven } = verifyEvidence(bundle.seal(), { trustedKeys: bundle.keys });
    expect(proofs.map((proof) => proof.check)).toEqual(['files', 'signature', 'chain', 'checkpoint', 'decisions', 'approvals', 'record', 'cost']);
    expect(not_proven.join(' ')).not.toContain('Who signed');
  });

  it('may say more of its decisions: by which bundle until when, what was erased, and what did not bind', () => {
    const bundle = new SampleBundle();
    const more = {
      path: 'countersign/decision', bundle_digest: `sha256:${'1'.repeat(64)}`, bundle_age_ms: 1200, bundle_expires_at: '2026-11-01T10:15:00.000Z', erased: ['/input/parameters/work_note'], differs: true, routed_from: null,
      shadows: [{ source: 'rules', outcome: 'DENY', reasons: [{ rule: 'tenant/quiet_hours', message: 'Not at night' }], obligations: {}, bundle: null, differs: true }],
    };
    Object.assign(bundle.parts.decisions[0]!, more);
    expect(verifyEvidence(bundle.seal(), { trustedKeys: bundle.keys }).proofs.map((proof) => proof.check)).toContain('decisions');
  });

  it('proves nothing about who signed when no keys are trusted', () => {
    expect(verifyEvidence(new SampleBundle().seal(), { trustedKeys: null }).not_proven.join(' ')).toContain('Who signed');
  });
});

it('says so when an action was shredded before the bundle was built', () => {
  const bundle = new SampleBundle();
  bundle.parts.approvals[0]!.shredded_at = '2026-11-30T00:00:00.000Z';
  bundle.parts.actions.length = 0;
  expect(verifyEvidence(bundle.seal(), { trustedKeys: null }).not_proven.join(' ')).toContain('apr_1 allowed: its action was shredded');
});

describe('an altered bundle is refused and the file named', () => {
  const bundle = new SampleBundle();
  const good = bundle.seal();

  it('for every single flipped bit', () => {
    let refused = 0;
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const altered = Uint8Array.from(good);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      refusal(altered);
      refused += 1;
    }
    expect(refused).toBe(good.length * 8);
  });

  it('for one byte in each file, checksums and all put right again', () => {
    for (const [path, bytes] of bundle.files()) {
      const files = bundle.files();
      const altered = Buffer.from(bytes);
      altered[Math.floor(altered.length / 2)]! ^= 1;
      files.set(path, altered);
      expect(refusal(encodeArchive(files)).file, path).toBe(path);
    }
  });

  it('for a file that is missing, added, or has only white space added', () => {
    for (const path of bundle.files().keys()) {
      const without = bundle.files();
      without.delete(path);
      expect(refusal(encodeArchive(without)).file, path).toBe(path);
    }
    expect(refusal(encodeArchive(bundle.files().set('extra.json', Buffer.from('{}'))))).toMatchObject({ code: 'file_unexpected', file: 'extra.json' });
    const spaced = bundle.files();
    spaced.set('manifest.json', Buffer.concat([spaced.get('manifest.json')!, Buffer.from('\n')]));
    expect(refusal(encodeArchive(spaced))).toMatchObject({ code: 'file_not_canonical', file: 'manifest.json' });
  });

  it('for another signature of the same bytes, spelled otherwise', () => {
    const files = bundle.files();
    const text = Buffer.from(files.get('signature.json')!).toString();
    files.set('signature.json', Buffer.from(text.replace(/"signature":"([^"]*)"/, '"signature":"$1="')));
    expect(refusal(encodeArchive(files))).toMatchObject({ code: 'signature_invalid', file: 'signature.json' });
  });
});

describe('a bundle that is signed and yet wrong is refused', () => {
  const cases: Array<[string, (bundle: SampleBundle) => void, { code: string; file: string }]> = [
    ['an action that was not approved', ({ parts }) => { parts.approvals[0]!.action_digest = `sha256:${'0'.repeat(64)}`; }, { code: 'action_digest_mismatch', file: 'approvals.json' }],
    ['an action whose text is another', ({ parts }) => { parts.actions[0]!.text = '{}'; }, { code: 'action_digest_mismatch', file: 'actions.json' }],
    ['a vote by the requester', ({ parts }) => { parts.approvals[0]!.requested_by = 'prn_1'; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['too few votes', ({ parts }) => { parts.approvals[0]!.required_votes = 2; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['a vote by too weak a sign-in', ({ parts }) => { parts.approvals[0]!.min_strength = 'passkey'; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['a vote by too old a sign-in', ({ parts }) => { parts.approvals[0]!.max_sign_in_age_ms = 200_000; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['a vote by a sign-in of unknown age', ({ parts }) => { parts.approvals[0]!.votes[0]!.sign_in_age_ms = null; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['another age of the sign-in than the audit shows', ({ parts }) => { parts.approvals[0]!.votes[0]!.sign_in_age_ms = 1_000; }, { code: 'record_contradicts_audit', file: 'approvals.json' }],
    ['a vote after the fact', ({ parts }) => { parts.approvals[0]!.votes[0]!.voted_at = '2026-11-01T11:00:00.000Z'; }, { code: 'approval_insufficient', file: 'approvals.json' }],
    ['an approval that is gone', ({ parts }) => { parts.approvals.length = 0; }, { code: 'approval_missing', file: 'approvals.json' }],
    ['an outcome that a person is said to have told, and nobody did', ({ parts }) => { Object.assign(parts.calls[0]!, { receipt: { said_by: { principal_id: 'prn_1', approval_id: 'apr_1' } } }); }, { code: 'record_inconsistent', file: 'approvals.json' }],
    ['a denied call', ({ parts }) => { parts.decisions[0]!.outcome = 'DENY'; }, { code: 'record_inconsistent', file: 'tool-calls.json' }],
    ['a decision that the audit does not show', ({ parts }) => { parts.events.splice(3, 1); }, { code: 'record_contradicts_audit', file: 'decisions.json' }],
    ['a vote that the audit does not show', ({ parts }) => { parts.events.splice(2, 1); }, { code: 'record_contradicts_audit', file: 'approvals.json' }],
    ['an outcome before its intent', ({ parts }) => { parts.events.splice(4, 2, parts.events[5]!, parts.events[4]!); }, { code: 'record_contradicts_audit', file: 'tool-calls.json' }],
    ['another end of the run', ({ parts }) => { parts.run.state = 'failed'; }, { code: 'record_contradicts_audit', file: 'run.json' }],
    ['another workflow', ({ parts }) => { parts.run.workflow_digest = `sha256:${'1'.repeat(64)}`; }, { code: 'record_inconsistent', file: 'workflow.yaml' }],
    ['costs that do not add up', ({ parts }) => { parts.costs.total_usd = '0.000000026'; }, { code: 'record_inconsistent', file: 'costs.json' }],
    ['an event of another run', ({ parts }) => { parts.events[1]!.run_id = 'run_2'; }, { code: 'record_inconsistent', file: 'audit.jsonl' }],
  ];
  it.each(cases)('%s', (_name, alter, expected) => {
    const bundle = new SampleBundle();
    alter(bundle);
    expect(refusal(bundle.seal())).toMatchObject(expected);
  });

  it('a chain with a line dropped, doubled or moved', () => {
    const lines = Buffer.from(new SampleBundle().files().get('audit.jsonl')!).toString().trimEnd().split('\n');
    const alterations = [lines.toSpliced(2, 1), lines.toSpliced(2, 0, lines[2]!), [...lines.slice(0, 3), lines[4]!, lines[3]!, ...lines.slice(5)], lines.slice(0, -1), lines.slice(1)];
    for (const altered of alterations) {
      const bundle = new SampleBundle();
      bundle.overrides.set('audit.jsonl', Buffer.from(`${altered.join('\n')}\n`));
      expect(['audit.jsonl', 'checkpoint.json']).toContain(refusal(bundle.seal()).file);
    }
  });

  it('a bundle signed by a key that is not trusted', () => {
    expect(refusal(new SampleBundle().seal(), new SampleBundle().keys)).toMatchObject({ code: 'signature_invalid' });
    expect(refusal(new SampleBundle().seal(), { keys: [] })).toMatchObject({ code: 'key_not_trusted', file: 'signature.json' });
  });
});

it('refuses what is no bundle at all', () => {
  for (const bytes of [new Uint8Array(), Buffer.from('hello'), Buffer.from('PK\u0003\u0004')]) expect(refusal(bytes).code).toBe('archive_altered');
});
