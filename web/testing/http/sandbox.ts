import { createServer, type IncomingMessage } from 'node:http';
import { numberOf, ticketOf } from '../data/runs.ts';
import { hexOf } from '../data/ids.ts';
import { readJson, write } from './answers.ts';
import { listen, type Listening } from './listen.ts';

interface Ticket {
  sys_id: string;
  number: string;
  short_description: string;
  description: string;
  sys_mod_count: string;
  sys_created_on: string;
  category: string;
  assignment_group: string;
  priority: string;
}

/** A stand-in for the ServiceNow sandbox's tickets, on an origin of its own as the real one is. */
export async function startStandInSandbox(consoleOrigin: () => string, runs: number, onRaised: (number: string) => void): Promise<Listening> {
  const tickets = Array.from({ length: runs }, (_, place) => ticket(runs - place, place > 3));
  const server = createServer((request, response) => {
    const cors = { 'access-control-allow-origin': consoleOrigin(), 'access-control-allow-headers': 'content-type', 'access-control-allow-methods': 'GET, POST' };
    if (request.method === 'OPTIONS') return write(response, { status: 204, headers: cors });
    if (request.url !== '/sandbox/tickets') return write(response, { status: 404, body: { error: { message: 'No such control', detail: null }, status: 'failure' }, headers: cors });
    if (request.method === 'GET') return write(response, { status: 200, body: { tickets: tickets.slice(0, 50) }, headers: cors });
    void raise(request).then((raised) => write(response, { status: 201, body: { tickets: [raised] }, headers: cors }));
    return undefined;
  });
  async function raise(request: IncomingMessage): Promise<Ticket> {
    const order = await readJson(request) as Partial<Ticket>;
    const words = order.short_description === undefined ? {} : { short_description: order.short_description, description: order.description ?? '' };
    const raised = { ...ticket(tickets.length + 1, false), ...words };
    tickets.unshift(raised);
    onRaised(raised.number);
    return raised;
  }
  return listen(server, 0);
}

function ticket(place: number, triaged: boolean): Ticket {
  const { short_description, description, category, group } = ticketOf(place);
  const number = numberOf(place);
  const created = new Date(Date.now() - Math.max(0, 15 - place) * 222_000).toISOString();
  return {
    sys_id: hexOf(number).slice(0, 32), number, short_description, description, sys_mod_count: triaged ? '2' : '0', sys_created_on: created.slice(0, 19).replace('T', ' '),
    category: triaged ? category : '', assignment_group: triaged ? group : '', priority: triaged ? '3' : '5',
  };
}
