import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import { encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';

/**
 * A bundle made by hand from the format's description, not by the evidence builder: what both agree on is the format.
 * `parts` may be changed before `seal` signs them, so that a test can make a bundle that is signed and yet wrong.
 */
export class SampleBundle {
  readonly evidenceKey = keyPair();
  readonly checkpointKey = keyPair();
  readonly parts = sampleParts();
  /** Changes what `parts` gave, just before the manifest is made. */
  readonly overrides = new Map<string, Uint8Array>();

  get keys(): { keys: Array<{ kid: string; purpose: 'evidence' | 'checkpoint'; algorithm: string; public_jwk: Record<string, string> }> } {
    return { keys: [
      { kid: 'evidence-1', purpose: 'evidence', algorithm: 'EdDSA', public_jwk: this.evidenceKey.jwk },
      { kid: 'checkpoint-1', purpose: 'checkpoint', algorithm: 'EdDSA', public_jwk: this.checkpointKey.jwk },
    ] };
  }

  seal(): Uint8Array {
    return encodeArchive(this.files());
  }

  files(): Map<string, Uint8Array> {
    const { run, decisions, approvals, calls, actions, costs, events, otherEvents } = this.parts;
    const { lines, head, last } = chain(events, otherEvents);
    const checkpoint = { format: 'countersign.dev/checkpoint/v1', chain: 'ten_1/wsp_1', seq: last, hash: head, previous_checkpoint_sha256: null, signed_at: '2026-11-01T10:00:09.000Z' };
    const files = new Map<string, Uint8Array>([
      ['run.json', json(run)], ['workflow.yaml', Buffer.from(WORKFLOW)], ['steps.json', json({ steps: [] })], ['decisions.json', json({ decisions })],
      ['approvals.json', json({ approvals })], ['actions.json', json({ actions })], ['tool-calls.json', json({ tool_calls: calls })],
      ['costs.json', json(costs)], ['transcript.json', json({ contents: [] })], ['audit.jsonl', Buffer.from(lines.map((line) => `${line}\n`).join(''))],
      ['checkpoint.json', json({ body: checkpoint, kid: 'checkpoint-1', signature: signed(this.checkpointKey.privateKey, canonicalize(checkpoint)) })],
      ['keys.json', json(this.keys)], ['readme.txt', Buffer.from('sample\n')],
    ]);
    for (const [path, bytes] of this.overrides) files.set(path, bytes);
    const manifest = canonicalize({
      format: 'countersign.dev/evidence/v1', evidence_id: 'evd_1', run_id: 'run_1', tenant_id: 'ten_1', workspace_id: 'wsp_1', built_at: '2026-11-01T10:00:10.000Z',
      chain: { id: 'ten_1/wsp_1', first_seq: 1, last_seq: last, checkpoint_seq: last },
      files: [...files].map(([path, bytes]) => ({ path, sha256: sha256(bytes), size_bytes: bytes.length })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    });
    files.set('manifest.json', Buffer.from(manifest));
    files.set('signature.json', json({ algorithm: 'EdDSA', kid: 'evidence-1', signature: signed(this.evidenceKey.privateKey, manifest) }));
    return files;
  }
}

const WORKFLOW = 'apiVersion: countersign.dev/v1\n';

function sampleParts() {
  const text = canonicalize({ format: 'countersign.dev/action/v1', action: 'incident.update', parameters: { category: 'network' } });
  const digest = `sha256:${sha256(text)}`;
  const workflow_digest = `sha256:${sha256(WORKFLOW)}`;
  const vote = { principal_id: 'prn_1', role: 'approver', decision: 'approve', action_digest: digest, auth_strength: 'link', sign_in_age_ms: 240_000 as number | null, channel: 'console', voted_at: '2026-11-01T10:00:05.000Z' };
  return {
    run: { id: 'run_1', tenant_id: 'ten_1', state: 'succeeded', workflow_digest },
    decisions: [{ id: 'dec_1', action: 'servicenow/incident.update', action_digest: digest, outcome: 'ALLOW', approval_id: 'apr_1', obligations: {} }],
    approvals: [{ id: 'apr_1', action_digest: digest, state: 'consumed', required_votes: 1, required_role: 'approver', min_strength: 'link' as string | null, max_sign_in_age_ms: 600_000 as number | null, requested_by: 'workflow:incident-triage', shredded_at: null as string | null, votes: [vote] }],
    calls: [{ id: 'call_1', action: 'servicenow/incident.update', risk: 'write', state: 'succeeded', action_digest: digest, decision_id: 'dec_1', approval_id: 'apr_1', intended_at: '2026-11-01T10:00:06.000Z' }],
    actions: [{ action_digest: digest, text }],
    costs: { lines: [{ amount_usd: '0.000000021' }, { amount_usd: '0.000000004' }], total_usd: '0.000000025' },
    events: [
      event('run.created', 'run_1', { workflow_digest }),
      event('approval.requested', 'apr_1', { action_digest: digest }),
      event('approval.vote_cast', 'apr_1', { decision: 'approve', action_digest: digest, auth_strength: 'link', sign_in_age_ms: 239_990 }, 'prn_1'),
      event('decision.made', 'dec_1', { outcome: 'ALLOW', action_digest: digest }),
      event('call.intended', 'call_1', { action_digest: digest, decision_id: 'dec_1', approval_id: 'apr_1' }),
      event('call.outcome', 'call_1', { state: 'succeeded' }),
      event('run.state_changed', 'run_1', { from: 'running', to: 'succeeded' }),
    ],
    /** How many events of other runs stand between ours. */
    otherEvents: 1,
  };
}

function event(type: string, subjectId: string, data: Record<string, unknown>, actorId = 'worker-1') {
  return { id: `aud_${type}`, type, at: '2026-11-01T10:00:00.000Z', tenant_id: 'ten_1', workspace_id: 'wsp_1', run_id: 'run_1', actor: { kind: 'worker', id: actorId }, subject: { kind: 'x', id: subjectId }, data };
}

/** Our events with `others` foreign links after the first, linked by hash. */
function chain(events: readonly object[], others: number): { lines: string[]; head: string; last: number } {
  const bodies: Array<object | null> = [events[0]!, ...Array.from({ length: others }, () => null), ...events.slice(1)];
  let prev_hash = FIRST_PREV_HASH;
  const lines = bodies.map((body, index) => {
    const link = { seq: index + 1, prev_hash, body_sha256: sha256(body === null ? `another run ${index}` : canonicalize(body)) };
    prev_hash = sha256(canonicalize(link));
    return canonicalize(body === null ? link : { ...link, body });
  });
  return { lines, head: prev_hash, last: bodies.length };
}

function keyPair(): { privateKey: KeyObject; jwk: Record<string, string> } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) as Record<string, string> };
}

function signed(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64url');
}

function json(value: unknown): Uint8Array {
  return Buffer.from(canonicalize(value));
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
