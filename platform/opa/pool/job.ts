import type { PdpError } from '../errors.ts';
import type { Program } from './program.ts';

/** Whoever questions are asked for: one bundle in one scope. Fairness and blame are by owner, also where two have the same program. */
export interface Owner {
  readonly program: Program;
  /** For one evaluation, from when a thread turns to it. */
  readonly deadline_ms: number;
  /** What one evaluation takes, as the last ones did. */
  cost_ms: number;
  /** Time that its questions have taken, in the queue's own time. */
  served_ms: number;
  /** What was asked and is not answered. */
  readonly open: Set<Job>;
}

export interface Job {
  readonly ticket: number;
  readonly owner: Owner;
  /** JSON text. */
  readonly input: string;
  /** By the clock of the lane that it waits in. */
  waits_since_ms: number;
  /** How many threads it was sent to. */
  sent: number;
  /** OPA's result set, as JSON. */
  readonly resolve: (results: string) => void;
  readonly reject: (error: PdpError) => void;
}

const LARGEST_TICKET = 0x7fff_ffff;
/** A guess, until the first answer. */
const FIRST_COST_MS = 0.1;
/** Of the newest answer in the running estimate. */
const WEIGHT = 0.2;

let tickets = 0;

/** Unique among what is open in this process. */
export function nextTicket(): number {
  tickets = (tickets % LARGEST_TICKET) + 1;
  return tickets;
}

export function newOwner(program: Program, deadline_ms: number): Owner {
  return { program, deadline_ms, cost_ms: FIRST_COST_MS, served_ms: 0, open: new Set() };
}

/** Gives the job to `submit`; resolves with its results. */
export function askedOf(owner: Owner, input: string, submit: (job: Job) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const job = { ticket: nextTicket(), owner, input, waits_since_ms: 0, sent: 0, resolve, reject };
    owner.open.add(job);
    submit(job);
  });
}

/** A job ends once: what was sent twice may be answered twice. */
export function settle(job: Job, answer: { readonly results: string } | { readonly error: PdpError }): void {
  if (!job.owner.open.delete(job)) return;
  if ('results' in answer) job.resolve(answer.results);
  else job.reject(answer.error);
}

export function noteCost(owner: Owner, took_ms: number): void {
  owner.cost_ms += (took_ms - owner.cost_ms) * WEIGHT;
}
