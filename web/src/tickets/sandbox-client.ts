import { ApiError, unreachable } from '../api/problem.ts';

export interface SandboxTicket {
  sys_id: string;
  number: string;
  short_description: string;
  description: string;
  /** `2026-11-21 03:04:05`, UTC, as ServiceNow writes it; empty when unknown. */
  sys_created_on: string;
  /** What is in the record now, by field; empty texts are left out. */
  fields: Record<string, string>;
}

export interface TicketOrder {
  short_description: string;
  description: string;
}

const FIELDS_SHOWN = ['category', 'assignment_group', 'priority'];

/**
 * The sandbox's newest tickets. It is another origin and knows nothing of the session: no cookies go there.
 * @throws ApiError
 */
export async function listTickets(sandboxUrl: string): Promise<SandboxTicket[]> {
  return ticketsOf(await answerOf(sandboxUrl, {}));
}

/** Raises a ticket as a caller would; without an order one that the sandbox makes up. @throws ApiError */
export async function raiseTicket(sandboxUrl: string, order: TicketOrder | null): Promise<SandboxTicket[]> {
  const body = JSON.stringify(order ?? { count: 1 });
  return ticketsOf(await answerOf(sandboxUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
}

async function answerOf(sandboxUrl: string, init: RequestInit): Promise<unknown> {
  const response = await window.fetch(new URL('/sandbox/tickets', sandboxUrl), { ...init, credentials: 'omit' }).catch(() => null);
  if (response === null) throw new ApiError({ ...unreachable(), code: 'unreachable', status: 0, message: `The sandbox at ${sandboxUrl} cannot be reached. Is it running?` });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError({ status: response.status, code: 'sandbox_refused', message: refusalOf(body) ?? `The sandbox answered ${response.status}.` });
  return body;
}

/** ServiceNow's own shape of errors. */
function refusalOf(body: unknown): string | null {
  const error = isRecord(body) ? body['error'] : null;
  if (!isRecord(error)) return null;
  return [error['message'], error['detail']].filter((text) => typeof text === 'string').join(': ');
}

export function ticketsOf(body: unknown): SandboxTicket[] {
  const tickets = isRecord(body) ? body['tickets'] : null;
  return Array.isArray(tickets) ? tickets.flatMap(ticketOf) : [];
}

function ticketOf(ticket: unknown): SandboxTicket[] {
  if (!isRecord(ticket)) return [];
  const text = (name: string): string => shownText(ticket[name]);
  if (text('number') === '') return [];
  return [{
    sys_id: text('sys_id'), number: text('number'), short_description: text('short_description'), description: text('description'), sys_created_on: text('sys_created_on'),
    fields: Object.fromEntries(FIELDS_SHOWN.map((name) => [name, text(name)]).filter(([, value]) => value !== '')),
  }];
}

/** A field may come as text or, with display values, as `{display_value, value}`. */
function shownText(value: unknown): string {
  if (isRecord(value)) return shownText(value['display_value'] ?? value['value']);
  return typeof value === 'string' ? value : '';
}

/** ServiceNow's time as RFC 3339. */
export function createdAt({ sys_created_on }: SandboxTicket): string | null {
  const at = `${sys_created_on.replace(' ', 'T')}Z`;
  return Number.isNaN(Date.parse(at)) ? null : at;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
