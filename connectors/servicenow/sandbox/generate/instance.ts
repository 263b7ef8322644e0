/** A whole instance from a seed, and the tickets that come in afterwards. */
import type { Change } from '../change-log.ts';
import type { RecordStore } from '../store.ts';
import { incidentHistory, pickCause } from './incident-history.ts';
import { Random } from './random.ts';
import { referenceData } from './reference-data.ts';
import type { WrittenTicket } from './ticket-text.ts';
import { writeTicket } from './ticket-text.ts';

export interface InstanceOrder {
  seed: number;
  /** How many resolved incidents. */
  incidents: number;
  adminUser: string;
  integrationUser: string;
}

const FIRST_NUMBER = 10_001;
const HISTORY_FROM = new Date('2025-01-06T06:00:00Z');
const HISTORY_TO = new Date('2025-12-19T18:00:00Z');

/** The same order gives the same records, byte for byte. */
export function generateInstance(order: InstanceOrder): Change[] {
  const random = new Random(order.seed);
  const reference = referenceData(random, { adminUser: order.adminUser, integrationUser: order.integrationUser, at: '2025-01-01 00:00:00' });
  const history = incidentHistory(random, reference, { count: order.incidents, firstNumber: FIRST_NUMBER, from: HISTORY_FROM, to: HISTORY_TO });
  const counterId = random.sysId();
  const counter: Change = { table: 'sys_number_counter', sys_id: counterId, record: { sys_id: counterId, table: 'incident', number: String(FIRST_NUMBER + order.incidents - 1) } };
  return [...reference.changes, ...history, counter];
}

/** A fresh unresolved ticket from the distribution of the history. */
export function newTicket(random: Random): WrittenTicket {
  return writeTicket(random, pickCause(random));
}

/**
 * A writer of new tickets for a running instance, and its source of chance. It starts where the number sequence stands,
 * so that a restart does not tell the same tickets again.
 */
export function ticketWriter(seed: number, store: RecordStore): [write: () => WrittenTicket, draw: () => number] {
  const random = new Random(seed + Number(store.rows('sys_number_counter')[0]?.['number'] ?? '0') * 7919);
  return [() => newTicket(random), () => random.next()];
}
