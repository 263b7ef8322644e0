import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf, idOf } from './ids.ts';
import type { TicketText } from './tickets.ts';

type Approval = components['schemas']['Approval'];

/** The approval of a ticket's write-back. */
export function approvalOf(number: string, ticket: TicketText, state: Approval['state'], asked_ms: number, deadline_ms: number): Approval {
  const decided = ['approved', 'rejected', 'consumed'].includes(state);
  const at = (offset_ms: number): string => new Date(asked_ms + offset_ms).toISOString();
  const document = actionOf(number, ticket);
  return {
    id: idOf('approval', number), run_id: idOf('run', number), step_key: 'update', action: 'servicenow/incident.update', action_digest: digestOf(JSON.stringify(document)),
    subject: number, state, tier: 'standard', required_role: 'approver', required_votes: 1, min_strength: null, max_sign_in_age_ms: null,
    requested_at: at(0), expires_at: new Date(deadline_ms).toISOString(), decided_at: decided ? at(95_000) : state === 'expired' ? new Date(deadline_ms).toISOString() : state === 'withdrawn' ? at(40_000) : null, consumed_at: state === 'consumed' ? at(96_400) : null,
    preview: {
      title: `Triage ${number}: ${ticket.short_description}`,
      fields: [
        { name: 'category', label: 'Category', before: '', after: ticket.category },
        { name: 'subcategory', label: 'Subcategory', before: '', after: ticket.subcategory },
        { name: 'assignment_group', label: 'Assignment group', before: '', after: ticket.group },
        { name: 'impact', label: 'Impact', before: '3 - Low', after: ticket.impact },
        { name: 'urgency', label: 'Urgency', before: '3 - Low', after: ticket.urgency },
      ],
      additions: [{ label: 'Work note (internal)', text: noteOf(number, ticket) }],
    },
    action_document: document,
    votes: decided ? [{
      id: idOf('vote', number), principal_id: idOf('principal', 'owner'), display_name: 'Cell owner', role: 'approver', decision: state === 'rejected' ? 'reject' : 'approve',
      reason: state === 'rejected' ? 'The printer belongs to the warehouse system, not to the desk.' : null, auth_strength: 'link', sign_in_age_ms: 240_000, channel: 'console', voted_at: at(95_000),
    }] : [],
    may_vote: state === 'pending', may_not_vote_because: state === 'pending' ? null : `The approval is ${state}.`,
  };
}

export function actionOf(number: string, ticket: TicketText): Record<string, unknown> {
  return {
    action: 'servicenow/incident.update', call_key: 'main', connector_version: '1.0.0', expires: null,
    parameters: { assignment_group: digestOf(ticket.group).slice(7, 39), category: ticket.category.toLowerCase(), impact: ticket.impact.slice(0, 1), subcategory: ticket.subcategory.toLowerCase(), urgency: ticket.urgency.slice(0, 1), work_note: noteOf(number, ticket) },
    run_id: idOf('run', number), step: 'update', target: { id: digestOf(number).slice(7, 39), label: number, version: '1' }, tenant_id: idOf('tenant', 'acme'),
  };
}

function noteOf(number: string, ticket: TicketText): string {
  return `Triaged by Countersign: ${ticket.category} / ${ticket.subcategory}, to ${ticket.group} (${Math.round(ticket.confidence * 100)} % sure).\nRests on three similar resolved incidents.\n[ref: ${idOf('run', number)}/3f9ac2d41b07]`;
}
