/** Resolved and closed incidents, as a service desk leaves them: mostly filed right, sometimes not. */
import type { Change } from '../change-log.ts';
import { glideDateTime } from '../date-time.ts';
import { BASE_PRIORITY_MATRIX } from '../priority-lookup.ts';
import { incidentNumber } from '../record-writes.ts';
import type { Row } from '../store.ts';
import type { Cause, GroupName } from './cause.ts';
import { GROUPS } from './cause.ts';
import { CAUSES } from './causes.ts';
import type { Random } from './random.ts';
import type { ReferenceData } from './reference-data.ts';
import { writeTicket } from './ticket-text.ts';

/** How often a ticket was closed by the wrong group, or under the wrong category. */
const WRONG_GROUP = 0.065;
const WRONG_CATEGORY = 0.06;
const WITH_WORK_NOTE = 0.35;

export function pickCause(random: Random): Cause {
  return random.weighted(CAUSES, (cause) => cause.weight ** 1.6);
}

/** `count` incidents, oldest first, numbered from `firstNumber`, opened between `from` and `to`. */
export function incidentHistory(random: Random, reference: ReferenceData, order: { count: number; firstNumber: number; from: Date; to: Date }): Change[] {
  const span_ms = order.to.getTime() - order.from.getTime();
  const opened = Array.from({ length: order.count }, () => new Date(order.from.getTime() + random.next() * span_ms)).sort((left, right) => left.getTime() - right.getTime());
  return opened.flatMap((openedAt, index) => closedIncident(random, reference, incidentNumber(order.firstNumber + index), openedAt));
}

function closedIncident(random: Random, reference: ReferenceData, number: string, openedAt: Date): Change[] {
  const cause = pickCause(random);
  const group: GroupName = random.chance(WRONG_GROUP) ? random.pick(GROUPS) : cause.group;
  const filed = random.chance(WRONG_CATEGORY) ? random.pick(CAUSES) : cause;
  const agent = random.pick(reference.agents.get(group) ?? []);
  const caller = random.pick(reference.requesters);
  const impact = graded(random, cause.impact);
  const urgency = graded(random, cause.urgency);
  const resolvedAt = new Date(openedAt.getTime() + random.between(20, 5 * 24 * 60) * 60_000);
  const isClosed = random.chance(0.8);
  const closedAt = new Date(resolvedAt.getTime() + 5 * 24 * 3_600_000);
  const sysId = random.sysId();
  const agentName = agent['user_name'] ?? '';
  const row: Row = {
    sys_id: sysId, number, sys_class_name: 'incident', sys_domain: 'global', sys_domain_path: '/', ...writeTicket(random, cause),
    caller_id: caller['sys_id'] ?? '', opened_by: caller['sys_id'] ?? '', opened_at: glideDateTime(openedAt), sys_created_on: glideDateTime(openedAt), sys_created_by: caller['user_name'] ?? '',
    contact_type: random.weighted(['email', 'self-service', 'phone', 'walk-in'], (type) => (type === 'email' ? 5 : 2)),
    category: filed.category, subcategory: filed.subcategory, impact, urgency,
    priority: BASE_PRIORITY_MATRIX.find(([i, u]) => i === impact && u === urgency)?.[2] ?? '5',
    severity: '3', assignment_group: reference.groups.get(group) ?? '', assigned_to: agent['sys_id'] ?? '',
    state: isClosed ? '7' : '6', incident_state: isClosed ? '7' : '6', active: isClosed ? 'false' : 'true',
    resolved_at: glideDateTime(resolvedAt), resolved_by: agent['sys_id'] ?? '', close_code: random.weighted(['Solution provided', 'Workaround provided', 'User error', 'Known error'], (code) => (code === 'Solution provided' ? 7 : 1)),
    close_notes: cause.resolution, ...(isClosed ? { closed_at: glideDateTime(closedAt), closed_by: agent['sys_id'] ?? '' } : {}),
    notify: '1', knowledge: 'false', made_sla: String(random.chance(0.85)), escalation: '0', approval: 'not requested', upon_approval: 'proceed', upon_reject: 'cancel',
    reassignment_count: String(random.chance(0.3) ? random.between(1, 3) : 0), reopen_count: '0',
    sys_updated_on: glideDateTime(isClosed ? closedAt : resolvedAt), sys_updated_by: agentName, sys_mod_count: String(random.between(2, 9)),
  };
  const change: Change = { table: 'incident', sys_id: sysId, record: Object.fromEntries(Object.entries(row).filter(([, value]) => value !== '')) };
  return random.chance(WITH_WORK_NOTE) ? [change, workNote(random, sysId, agentName, resolvedAt)] : [change];
}

function workNote(random: Random, incident: string, agentName: string, at: Date): Change {
  const sysId = random.sysId();
  const value = random.pick(['Called the user, could not reach.', 'Checked logs, see attachment.', 'Reproduced on a second device.', 'Waiting for feedback of the caller.', 'Assigned to second level.', 'User confirmed, closing.']);
  return { table: 'sys_journal_field', sys_id: sysId, record: { sys_id: sysId, name: 'incident', element: 'work_notes', element_id: incident, value, sys_created_on: glideDateTime(at), sys_created_by: agentName } };
}

/** 1, 2 or 3 by the weights of a cause, sharpened: agents grade the same trouble alike most of the time, not always. */
function graded(random: Random, weights: readonly [number, number, number]): string {
  return random.weighted(['1', '2', '3'], (grade) => (weights[Number(grade) - 1] ?? 0) ** 2.5);
}
