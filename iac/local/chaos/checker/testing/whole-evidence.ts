import { createHash } from 'node:crypto';
import type { AttemptRow, EventRow, Evidence } from '../evidence.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const NOTE_DIGEST = `sha256:${'fedcba9876543210'.repeat(4)}`;
const CHAIN = 'ten_1/wsp_1';

/** What a run of chaos leaves behind when all is well: one event, one run with two writes, the first of which a killed worker had begun. */
export function wholeEvidence(): Evidence {
  const attempt = (step_id: string, fence: number, worker: string, state: string, started_at_ms: number, finished_at_ms: number): AttemptRow => ({ step_id, fence, worker, state, result: 'succeeded', started_at_ms, finished_at_ms });
  const bodies = [
    event('run.created', 'run_1', 'w1', {}), event('decision.made', 'dec_1', 'w1', {}), event('decision.made', 'dec_2', 'w2', {}), event('call.intended', 'tcl_1', 'w1', {}), event('call.intended', 'tcl_2', 'w2', {}),
    moved('stp_1', 'w1', 'ready', 'leased'), moved('stp_1', 'w2', 'leased', 'uncertain'), moved('stp_1', 'w2', 'uncertain', 'leased'), moved('stp_1', 'w2', 'leased', 'succeeded'),
    moved('stp_2', 'w2', 'blocked', 'leased'), moved('stp_2', 'w2', 'leased', 'succeeded'), event('call.outcome', 'tcl_1', 'w2', {}), event('call.outcome', 'tcl_2', 'w2', {}),
  ];
  const events = chained(bodies);
  return {
    lease_ms: 2_000,
    accepted: [{ record: 'rec-1', lane: 'free' }],
    strikes: [{ at_ms: 1_500, until_ms: 1_510, does: 'kill', worker: 'w1' }],
    effects: [
      { n: 1, received_at_ms: 1_400, became: 'applied', action: 'record.update', record: 'rec-1', value: 'ticket rec-1', reference: 'run_1/0123456789ab', worker: 'w1' },
      { n: 2, received_at_ms: 5_000, became: 'applied', action: 'note.put', record: 'rec-1', value: 'seen', reference: 'run_1/fedcba987654', worker: 'w2' },
      { n: 3, received_at_ms: 5_100, became: 'repeated', action: 'note.put', record: 'rec-1', value: 'seen', reference: 'run_1/fedcba987654', worker: 'w2' },
    ],
    deliveries: [{ id: 'dlv_1', subject: 'rec-1', state: 'started', dropped_because: null }],
    runs: [{ id: 'run_1', subject: 'rec-1', state: 'succeeded', delivery_id: 'dlv_1', error: null }],
    steps: [
      { id: 'stp_1', run_id: 'run_1', key: 'change', state: 'succeeded', fence: 2, lease_owner: null },
      { id: 'stp_2', run_id: 'run_1', key: 'note', state: 'succeeded', fence: 1, lease_owner: null },
    ],
    attempts: [attempt('stp_1', 1, 'w1', 'expired', 1_000, 3_400), attempt('stp_1', 2, 'w2', 'released', 3_500, 4_000), attempt('stp_2', 1, 'w2', 'released', 4_000, 5_200)],
    calls: [
      { id: 'tcl_1', run_id: 'run_1', step_id: 'stp_1', action: 'book/record.update', risk: 'write', action_digest: DIGEST, state: 'succeeded', decision_id: 'dec_1', fence: 1 },
      { id: 'tcl_2', run_id: 'run_1', step_id: 'stp_2', action: 'book/note.put', risk: 'write', action_digest: NOTE_DIGEST, state: 'succeeded', decision_id: 'dec_2', fence: 1 },
    ],
    decisions: [
      { id: 'dec_1', run_id: 'run_1', step_id: 'stp_1', action_digest: DIGEST, outcome: 'ALLOW', approval_id: null, committed_at_ms: 1_300 },
      { id: 'dec_2', run_id: 'run_1', step_id: 'stp_2', action_digest: NOTE_DIGEST, outcome: 'ALLOW', approval_id: 'apr_1', committed_at_ms: 4_900 },
    ],
    approvals: [{ id: 'apr_1', state: 'consumed', action_digest: NOTE_DIGEST }],
    events,
    heads: [{ chain: CHAIN, seq: events.length, hash: events.at(-1)?.hash ?? '' }],
  };
}

function event(type: string, subject: string, worker: string, data: Record<string, unknown>): { type: string; body: string } {
  return { type, body: JSON.stringify({ actor: { id: worker }, data, subject: { id: subject } }) };
}

function moved(step: string, worker: string, from: string, to: string): { type: string; body: string } {
  return event('step.state_changed', step, worker, { from, to });
}

function chained(bodies: ReadonlyArray<{ type: string; body: string }>): EventRow[] {
  let prev_hash = '0'.repeat(64);
  return bodies.map(({ type, body }, i) => {
    const line = `{"body_sha256":"${sha256(body)}","prev_hash":"${prev_hash}","seq":${i + 1}}`;
    const row: EventRow = { id: `evt_${i + 1}`, chain: CHAIN, pending_no: i + 1, type, run_id: 'run_1', body, seq: i + 1, prev_hash, hash: sha256(line), line };
    prev_hash = sha256(line);
    return row;
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
