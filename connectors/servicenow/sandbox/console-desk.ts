/**
 * `/sandbox/tickets` for the console's page: the one origin named in the settings may list the latest tickets and raise
 * new ones without credentials, as the sandbox's own pages may. No part of ServiceNow.
 */
import type { Answer } from './answers.ts';
import { emptyAnswer, jsonAnswer } from './answers.ts';
import { choiceLabel } from './choices.ts';
import { ticketOrder } from './control-api.ts';
import { referenceDisplay } from './field-paths.ts';
import type { SandboxRequest } from './requests.ts';
import type { RecordStore, Row } from './store.ts';
import type { TicketDesk } from './tickets.ts';

export interface ConsoleDeskContext {
  store: RecordStore;
  tickets: TicketDesk;
  /** Origin of the console, such as `http://localhost:8080`; undefined where no console is served. */
  consoleOrigin: string | undefined;
}

const LISTED = 50;

/** The answer to the console's page; undefined where the request does not come from it, and the control API is to answer. */
export function answerConsole(context: ConsoleDeskContext, request: SandboxRequest): Answer | undefined {
  const { origin } = request.headers;
  if (context.consoleOrigin === undefined || origin !== context.consoleOrigin || request.path !== '/sandbox/tickets') return undefined;
  const headers = { 'access-control-allow-origin': origin, vary: 'Origin' };
  switch (request.method) {
    case 'OPTIONS': return emptyAnswer(204, { ...headers, 'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': 'content-type', 'access-control-max-age': '600' });
    case 'GET': return jsonAnswer(200, { tickets: latest(context.store) }, headers);
    case 'POST': return jsonAnswer(201, { tickets: context.tickets.raise(ticketOrder(request)) }, headers);
    default: return undefined;
  }
}

function latest(store: RecordStore): Array<Record<string, string>> {
  return store.rows('incident').slice(-LISTED).toReversed().map((row) => shown(store, row));
}

function shown(store: RecordStore, row: Row): Record<string, string> {
  const label = (name: string): string => choiceLabel(store, 'incident', name, row[name] ?? '', row);
  return {
    sys_id: row['sys_id'] ?? '', number: row['number'] ?? '', short_description: row['short_description'] ?? '', description: row['description'] ?? '',
    sys_created_on: row['sys_created_on'] ?? '', state: label('state'), priority: label('priority'), category: label('category'),
    assignment_group: referenceDisplay(store, 'sys_user_group', row['assignment_group'] ?? ''),
  };
}
