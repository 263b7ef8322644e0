import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { approvalOf } from './approvals.ts';
import { digestOf, hexOf, idOf } from './ids.ts';
import { TICKETS, type TicketText } from './tickets.ts';

type Schemas = components['schemas'];
export type Run = Schemas['Run'];

/** How far a made-up run got. */
export type Fate = 'queued' | 'retrying' | 'waiting' | 'succeeded' | 'rejected' | 'denied' | 'dead' | 'cancelled' | 'uncertain';

export const BUNDLE = { revision: '2026-11-21.14', seq: 14 };
export const WORKFLOW_DIGEST = digestOf('incident-triage version 3');

export function ticketOf(place: number): TicketText {
  return TICKETS[place % TICKETS.length]!;
}

export function numberOf(place: number): string {
  return `INC${String(10_000 + place).padStart(7, '0')}`;
}

/** A run of the flagship workflow for ticket `place`, begun at `began_ms`, that met `fate`. */
export function runOf(place: number, fate: Fate, began_ms: number): Run {
  const number = numberOf(place);
  const ticket = ticketOf(place);
  const at = (offset_ms: number): string => new Date(began_ms + offset_ms).toISOString();
  const parts = { number, ticket, at, fate };
  const asked = !['queued', 'retrying', 'denied', 'cancelled'].includes(fate);
  const approval = asked ? [approvalOf(number, ticket, approvalState(fate), began_ms + 640, began_ms + 640 + 3_600_000)] : [];
  const { state, finished, error } = ENDS[fate];
  const steps = stepsOf(parts);
  const calls = fate === 'queued' || fate === 'denied' ? [] : callsOf(parts);
  return {
    id: idOf('run', number), workflow_name: 'incident-triage', workflow_version: 3, environment: 'prod', state, subject: digestOf(number).slice(7, 39), subject_label: number,
    cost_usd: calls.length > 1 ? '0.000412000' : '0.000000000', created_at: at(0), started_at: fate === 'queued' ? null : at(42), finished_at: finished === null ? null : at(finished),
    error: error === null ? null : { ...error, step_key: fate === 'denied' ? 'incident' : 'update' },
    workflow_id: idOf('workflow', 'incident-triage'), workflow_digest: WORKFLOW_DIGEST, event_at: at(-180),
    pins: { connectors: { servicenow: '1.0.0', classifier: '1.0.0' }, models: { triage: 'classifier/local' } },
    trigger: { connector: 'servicenow', event: 'incident.created', sys_id: digestOf(number).slice(7, 39), sys_mod_count: '0' },
    steps, decisions: decisionsOf(parts), calls, approvals: approval,
    costs: calls.length > 1 ? [{ call_id: idOf('tool_call', `${number} triage`), meter: 'classifier.predict', quantity: '1', unit: 'ticket', amount_usd: '0.000012000', price: { usd_per_unit: '0.000012' } }, { call_id: idOf('tool_call', `${number} incident`), meter: 'servicenow.request', quantity: '4', unit: 'request', amount_usd: '0.000400000', price: { usd_per_unit: '0.0001' } }] : [],
    evidence: ['succeeded', 'rejected'].includes(fate) ? { id: idOf('evidence', number), sha256: hexOf(`evidence ${number}`), size_bytes: 48_213, built_at: at(99_000) } : null,
  };
}

const ENDS: Record<Fate, { state: Run['state']; finished: number | null; error: { code: string; message: string } | null }> = {
  queued: { state: 'queued', finished: null, error: null },
  retrying: { state: 'running', finished: null, error: null },
  waiting: { state: 'waiting', finished: null, error: null },
  uncertain: { state: 'running', finished: null, error: null },
  succeeded: { state: 'succeeded', finished: 97_200, error: null },
  rejected: { state: 'failed', finished: 95_400, error: { code: 'approval_rejected', message: 'A person voted against it; nothing was written.' } },
  denied: { state: 'failed', finished: 61, error: { code: 'bundle_stale', message: 'The policy bundle 2026-11-21.14 is older than its time to live: everything is denied until a fresh one is signed.' } },
  dead: { state: 'failed', finished: 240_000, error: { code: 'attempts_exhausted', message: 'The instance answered 503 five times.' } },
  cancelled: { state: 'cancelled', finished: 20_500, error: null },
};

interface Parts {
  number: string;
  ticket: TicketText;
  at: (offset_ms: number) => string;
  fate: Fate;
}

function approvalState(fate: Fate): Schemas['ApprovalState'] {
  return fate === 'waiting' ? 'pending' : fate === 'rejected' ? 'rejected' : 'consumed';
}

const STEP_STATES: Record<Fate, [Schemas['StepState'], Schemas['StepState'], Schemas['StepState']]> = {
  queued: ['ready', 'blocked', 'blocked'], retrying: ['succeeded', 'retrying', 'blocked'], waiting: ['succeeded', 'succeeded', 'waiting'],
  succeeded: ['succeeded', 'succeeded', 'succeeded'], rejected: ['succeeded', 'succeeded', 'failed'], denied: ['failed', 'cancelled', 'cancelled'],
  dead: ['succeeded', 'succeeded', 'dead'], cancelled: ['succeeded', 'cancelled', 'cancelled'], uncertain: ['succeeded', 'succeeded', 'uncertain'],
};

function stepsOf({ number, ticket, at, fate }: Parts): Schemas['Step'][] {
  const [incident, triage, update] = STEP_STATES[fate];
  const begun = (state: string): boolean => !['ready', 'blocked', 'cancelled'].includes(state);
  const step = (key: string, uses: string, needs: string[], state: Schemas['StepState'], from: number, to: number | null, tries: number): Schemas['Step'] => ({
    id: idOf('step', `${number} ${key}`), key, uses, needs, state, attempt: begun(state) ? tries : 0, max_attempts: key === 'triage' ? 40 : 5,
    available_at: state === 'retrying' ? new Date(Date.now() + 48_000).toISOString() : at(0),
    started_at: begun(state) ? at(from) : null, finished_at: ['succeeded', 'failed', 'dead'].includes(state) && to !== null ? at(to) : null,
    error: state === 'dead' ? { code: 'attempts_exhausted', message: 'The instance answered 503 five times.' } : state === 'retrying' ? { code: 'model_not_trained', message: 'The local model is still learning from resolved incidents.' } : fate === 'denied' && state === 'failed' ? { code: 'bundle_stale', message: 'The policy bundle is stale.' } : null,
    approval_id: key === 'update' && fate === 'waiting' ? idOf('approval', number) : null,
    output: state === 'succeeded' && key === 'triage' ? proposalOf(ticket) : null,
    attempts: begun(state) ? Array.from({ length: tries }, (_, nth) => ({
      attempt: nth + 1, fence: String(nth + 1), worker: 'worker-1', started_at: at(from + nth * 1_000), finished_at: nth < tries - 1 || state === 'succeeded' ? at(from + nth * 1_000 + 120) : null,
      result: nth < tries - 1 ? 'retrying' : state === 'succeeded' ? 'succeeded' : state === 'waiting' ? 'waiting' : null, error: nth < tries - 1 ? { code: 'unavailable', message: 'The instance answered 503.' } : null,
    })) : [],
  });
  return [
    step('incident', 'servicenow/incident.get', [], incident, 42, 190, 1),
    step('triage', 'model/generate', ['incident'], triage, 195, 320, fate === 'retrying' ? 3 : 1),
    step('update', 'servicenow/incident.update', ['triage'], update, 330, fate === 'succeeded' ? 97_180 : 95_390, fate === 'dead' ? 5 : 1),
  ];
}

function proposalOf(ticket: TicketText): Record<string, unknown> {
  const label = (value: string, confidence: number, others: string[]): unknown => ({ value, confidence, top: [{ value, confidence }, ...others.map((other, nth) => ({ value: other, confidence: (1 - confidence) / (nth + 2) }))] });
  return {
    category: ticket.category, subcategory: ticket.subcategory, assignment_group: ticket.group, impact: ticket.impact, urgency: ticket.urgency, confidence: 0.66,
    mode: 'propose', summary: `${ticket.short_description}. ${ticket.description}`, note: `Proposed: ${ticket.category}, to ${ticket.group}.`,
    model: { id: idOf('model', 'local'), version: 4, digest: digestOf('model 4'), labelled_count: 1994 },
    per_label: { category: label(ticket.category, 0.97, ['Inquiry / Help', 'Software']), assignment_group: label(ticket.group, ticket.confidence, ticket.other_groups), impact: label(ticket.impact, 0.71, ['3 - Low']), urgency: label(ticket.urgency, 0.66, ['3 - Low']) },
    similar: [['INC0001482', 0.83], ['INC0000931', 0.79], ['INC0001207', 0.72]].map(([number, similarity]) => ({ id: hexOf(String(number)).slice(0, 32), number, similarity })),
  };
}

function decisionsOf({ number, at, fate }: Parts): Schemas['Decision'][] {
  if (fate === 'queued') return [];
  const decide = (key: string, action: string, outcome: Schemas['Decision']['outcome'], rule: string, message: string, offset_ms: number): Schemas['Decision'] => ({
    id: idOf('decision', `${number} ${key} ${offset_ms}`), step_id: idOf('step', `${number} ${key}`), call_key: 'main', action, outcome, reasons: [{ rule, message }], obligations: {},
    action_digest: digestOf(`${number} ${key}`), input_digest: digestOf(`input ${number} ${key}`), bundle_revision: BUNDLE.revision, bundle_seq: BUNDLE.seq, bundle_age_ms: 74_000, evaluated_us: 31, decided_at: at(offset_ms),
  });
  if (fate === 'denied') return [decide('incident', 'servicenow/incident.get', 'DENY', 'bundle_stale', 'The bundle is older than its time to live', 55)];
  const read = decide('incident', 'servicenow/incident.get', 'ALLOW', 'itsm/read_allowed', 'Reads of connected systems are allowed', 55);
  if (fate === 'retrying' || fate === 'cancelled') return [read];
  const model = decide('triage', 'model/generate', 'ALLOW', 'itsm/model_allowed', 'The model is pinned by the workflow', 201);
  const ask = decide('update', 'servicenow/incident.update', 'REQUIRE_HITL', 'itsm/write_needs_approval', 'Writes to a system of record need a person', 610);
  const allow = decide('update', 'servicenow/incident.update', 'ALLOW', 'itsm/write_approved', 'Approved by one person with the role approver, for exactly this action', 96_300);
  return ['waiting', 'rejected'].includes(fate) ? [read, model, ask] : [read, model, ask, allow];
}

function callsOf({ number, ticket, at, fate }: Parts): Schemas['ToolCall'][] {
  const call = (key: string, action: string, risk: string, offset_ms: number, state: Schemas['ToolCall']['state'], receipt: Record<string, unknown> | null): Schemas['ToolCall'] => ({
    id: idOf('tool_call', `${number} ${key}`), step_id: idOf('step', `${number} ${key}`), call_key: 'main', action, risk, state, action_digest: digestOf(`${number} ${key}`), idempotency_key: `${idOf('run', number)}/${key}`,
    decision_id: idOf('decision', `${number} ${key} ${offset_ms}`), approval_id: risk === 'write' ? idOf('approval', number) : null, receipt,
    error: state === 'failed' ? { code: 'unavailable', message: 'The instance answered 503.' } : null, intended_at: at(offset_ms), finished_at: state === 'uncertain' ? null : at(offset_ms + 118), duration_ms: state === 'uncertain' ? null : 118,
  });
  const read = call('incident', 'servicenow/incident.get', 'read', 60, 'succeeded', null);
  if (fate === 'retrying' || fate === 'cancelled') return [read];
  const model = call('triage', 'model/generate', 'read', 205, 'succeeded', null);
  const receipt = { target_id: digestOf(number).slice(7, 39), version_before: '1', version_after: '2', written_versions: ['2'], fields_written: ['category', 'subcategory', 'assignment_group', 'impact', 'urgency', `work note to ${ticket.group}`], verified_by_reading_back: true };
  if (fate === 'succeeded') return [read, model, call('update', 'servicenow/incident.update', 'write', 96_400, 'succeeded', receipt)];
  if (fate === 'dead') return [read, model, call('update', 'servicenow/incident.update', 'write', 96_400, 'failed', null)];
  if (fate === 'uncertain') return [read, model, call('update', 'servicenow/incident.update', 'write', 96_400, 'uncertain', null)];
  return [read, model];
}
