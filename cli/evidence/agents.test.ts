import { describe, expect, it } from 'vitest';
import { EvidenceError } from './errors.ts';
import { redactEvidence } from './redact.ts';
import { SampleStatement, json } from './testing/sample-statement.ts';
import { verifyEvidence } from './verify.ts';

const ORDER = { id: 'ord_1', agent_id: 'agt_1', kind: 'execute', call_id: 'call_1' };

/** The run of `SampleStatement`, whose write an agent carried out: `change` makes it something that did not happen so. */
class SampleWithAgent {
  readonly sample = new SampleStatement();
  orders: Array<Record<string, unknown>> = [{ ...ORDER }];
  readonly decision = { agent_id: 'agt_1', epoch: 'e1', spool_seq: 7, order_id: 'ord_1', action_digest: this.sample.parts.calls[0]!.action_digest, outcome: 'ALLOW' };
  decisions: Array<Record<string, unknown>> = [this.decision];
  /** What the agent's entry said, where it is not what the file says. */
  told: Record<string, unknown> = this.decision;
  shows = true;

  seal(): Uint8Array {
    const { agent_id, kind, call_id } = ORDER;
    const { agent_id: teller, ...data } = this.told;
    const outcome = this.sample.parts.events.findIndex(({ type }) => type === 'call.outcome');
    this.sample.parts.events.splice(outcome, 0,
      event('agent.order_issued', { kind: 'worker', id: 'worker-1' }, ORDER.id, { agent_id, order_kind: kind, call_id }),
      event('agent.call_decided', { kind: 'agent', id: String(teller) }, String(teller), data));
    if (this.shows) this.sample.overrides.set('agents.json', json({ orders: this.orders, decisions: this.decisions }));
    return this.sample.seal();
  }
}

function event(type: string, actor: { kind: string; id: string }, subjectId: string, data: Record<string, unknown>) {
  return { id: `aud_${type}`, type, at: '2026-11-01T10:00:00.000Z', tenant_id: 'ten_1', workspace_id: 'wsp_1', run_id: 'run_1', actor, subject: { kind: 'x', id: subjectId }, data };
}

function codeOf(bytes: Uint8Array): string {
  try {
    verifyEvidence(bytes, { trustedKeys: null });
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    throw error;
  }
  return 'verified';
}

describe('a write that an agent carried out', () => {
  it('was allowed twice, for exactly that action', () => {
    const { proofs } = verifyEvidence(new SampleWithAgent().seal(), { trustedKeys: null });
    expect(proofs.find(({ check }) => check === 'agents')?.proves).toContain('1 write(s) were carried out by agents');
  });

  it('of which the agent never told is said not to be proven', () => {
    const silent = new SampleWithAgent();
    silent.decisions = [];
    const { proofs, not_proven } = verifyEvidence(silent.seal(), { trustedKeys: null });
    expect(proofs.map(({ check }) => check)).not.toContain('agents');
    expect(not_proven).toContain("That the agent's own policy allowed call call_1: the agent never told.");
  });

  it.each<[name: string, code: string, change: (sample: SampleWithAgent) => void]>([
    ['was denied there', 'record_contradicts_audit', (sample) => { sample.decision.outcome = 'DENY'; }],
    ['was ordered of another agent than the audit says', 'record_contradicts_audit', (sample) => { sample.orders = [{ ...ORDER, agent_id: 'agt_2' }]; }],
    ['was ordered in the file alone', 'record_contradicts_audit', (sample) => { sample.orders.push({ ...ORDER, id: 'ord_2' }); }],
    ['was ordered in the audit alone', 'record_contradicts_audit', (sample) => { sample.orders = []; }],
    ['was decided on in the file alone', 'record_contradicts_audit', (sample) => { sample.decisions = [sample.decision, { ...sample.decision, spool_seq: 8 }]; }],
    ['was decided on otherwise than the agent told', 'record_contradicts_audit', (sample) => { sample.told = { ...sample.decision, outcome: 'DENY' }; }],
    ['was decided on by another agent', 'record_contradicts_audit', (sample) => { sample.told = { ...sample.decision, agent_id: 'agt_2' }; }],
    ['is told of by the audit, and the file was never made', 'file_missing', (sample) => { sample.shows = false; }],
  ])('%s: refused', (_name, code, change) => {
    const sample = new SampleWithAgent();
    change(sample);
    expect(codeOf(sample.seal())).toBe(code);
  });

  it('is not proven where the file was left out, and says so', () => {
    const redacted = redactEvidence(new SampleWithAgent().seal(), ['agents.json'], 'names of machines');
    expect(verifyEvidence(redacted, { trustedKeys: null }).not_proven).toContain('What agents were ordered to do: agents.json was left out.');
  });
});
