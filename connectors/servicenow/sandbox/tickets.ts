/** Raising incidents as a caller would: no category, no group, impact and urgency left at 3. */
import type { Principal } from './principals.ts';
import type { WriteContext } from './record-writes.ts';
import { insertRecord } from './record-writes.ts';
import type { Row } from './store.ts';

export interface TicketText {
  short_description: string;
  description: string;
}

export interface RaisedTicket {
  sys_id: string;
  number: string;
  short_description: string;
  description: string;
  sys_mod_count: string;
  sys_created_on: string;
}

export interface TicketOrder {
  count: number;
  short_description?: string;
  description?: string;
}

export class TicketDesk {
  readonly #context: WriteContext;
  readonly #write: () => TicketText;
  readonly #draw: () => number;

  /** `write` gives the text of a new plausible ticket; `draw` a number in [0, 1) that picks its caller. */
  constructor(context: WriteContext, write: () => TicketText, draw: () => number) {
    this.#context = context;
    this.#write = write;
    this.#draw = draw;
  }

  /** Raises `count` tickets; where a short description is given, all have that text. */
  raise(order: TicketOrder): RaisedTicket[] {
    return Array.from({ length: order.count }, () => this.#raiseOne(order));
  }

  #raiseOne(order: TicketOrder): RaisedTicket {
    const text = order.short_description === undefined
      ? this.#write()
      : { short_description: order.short_description.trim().slice(0, 160), description: order.description ?? '' };
    const caller = this.#pickCaller();
    const principal: Principal = { user_name: caller['user_name'] ?? 'guest', roles: [], journal_access: 'refused' };
    const row = insertRecord(this.#context, {
      principal,
      table: 'incident',
      values: { ...text, caller_id: caller['sys_id'] ?? '', opened_by: caller['sys_id'] ?? '', category: '', contact_type: 'self-service' },
    });
    const field = (name: string): string => row[name] ?? '';
    return {
      sys_id: field('sys_id'), number: field('number'), short_description: field('short_description'), description: field('description'),
      sys_mod_count: field('sys_mod_count'), sys_created_on: field('sys_created_on'),
    };
  }

  #pickCaller(): Row {
    const callers = this.#context.store.rows('sys_user').filter((user) => (user['user_name'] ?? '').startsWith('requester.'));
    return callers[Math.floor(this.#draw() * callers.length)] ?? {};
  }
}
