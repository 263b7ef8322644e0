import { hash } from 'node:crypto';
import { canonicalText } from '../transparency/canonical.ts';
import type { OrderKind } from './work-order.ts';
import type { OrderRefusal } from './refusals.ts';

/**
 * What an agent has to tell its cell, in the order in which it happened: written to its disk first, and delivered from there until the cell has said
 * that it holds it. Each entry names the one before by its hash, so that none can be lost, doubled or put elsewhere unseen.
 */
export interface SpoolEntry<Kind extends EntryKind = EntryKind> {
  readonly seq: number;
  readonly kind: Kind;
  /** When it happened, by the agent's clock as corrected by what the cell last said of the time. */
  readonly occurred_at: string;
  /** What was added to the agent's own clock for it. */
  readonly clock_offset_ms: number;
  readonly body: EntryBodies[Kind];
  /** Hex; see `entryHash`. */
  readonly hash: string;
}

/** What each kind of entry says. None holds a secret; those marked hold content and are sealed wherever they are kept. */
export interface EntryBodies {
  'agent.started': { readonly version: string };
  'agent.stopped': { readonly reason: string };
  'order.accepted': { readonly order_id: string; readonly kind: OrderKind };
  'order.refused': { readonly order_id: string | null; readonly kid: string | null; readonly refusal: OrderRefusal; readonly envelope_sha256: string };
  /** A call that the agent's own policy decided on, nested reads included. */
  'call': CallBody;
  /** How an order ended. Content. */
  'outcome': OutcomeBody;
  /** What a watch found, with where to go on from. Content. */
  'trigger.found': { readonly order_id: string; readonly instance_id: string; readonly cursor: string; readonly payloads: ReadonlyArray<Readonly<Record<string, unknown>>> };
  'policy.changed': { readonly scope: string; readonly seq: number; readonly digest: string };
  'policy.refused': { readonly scope: string; readonly code: string; readonly seq: number | null };
  'clock.changed': { readonly offset_ms: number; readonly trusted: boolean };
  'spool.full': { readonly bytes: number; readonly limit_bytes: number };
}

export type EntryKind = keyof EntryBodies;

export interface CallBody {
  readonly order_id: string;
  readonly call_key: string;
  readonly action: string;
  readonly action_digest: string;
  readonly outcome: 'ALLOW' | 'DENY' | 'REQUIRE_HITL' | 'REQUIRE_STEP_UP' | 'THROTTLE' | 'ROUTE';
  readonly bundle: { readonly seq: number; readonly digest: string; readonly revision: string } | null;
  readonly rules: readonly string[];
}

export interface OutcomeBody {
  readonly order_id: string;
  readonly state: 'succeeded' | 'failed' | 'uncertain';
  /** What the action gave, what was prepared, or what reconciling found: by the order's kind. */
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean; readonly retry_after_ms: number | null } | null;
  readonly usage: ReadonlyArray<{ readonly meter: string; readonly model?: string; readonly quantity: number; readonly unit: string }>;
  readonly exchanges: { readonly request_digest: string | null; readonly response_digest: string | null; readonly may_have_changed: boolean };
  readonly duration_ms: number;
}

/** The longest body, as JSON in UTF-8: a delivery holds at least one entry, and a request is at most twice as long. */
export const MAX_ENTRY_BYTES = 1024 * 1024;

/** What stands in place of a hash before the first entry of an epoch. */
export const FIRST_PREV_HASH = '0'.repeat(64);

/**
 * SHA-256, hex, of the RFC 8785 text of what the entry says and of the hash before it. An epoch is one life of a spool: a new one is begun when an
 * agent enrols.
 *
 * @throws TypeError the body has no canonical text: half of a surrogate pair, or an integer beyond 2^53
 */
export function entryHash(epoch: string, prev_hash: string, { seq, kind, occurred_at, clock_offset_ms, body }: Omit<SpoolEntry, 'hash'>): string {
  const text = canonicalText({ epoch, prev_hash, seq, kind, occurred_at, clock_offset_ms, body });
  if (text === undefined) throw new TypeError(`The body of an entry of kind ${kind} has no canonical JSON.`);
  return hash('sha256', text, 'hex');
}

/** What the body of a delivered entry is sealed for in the cell (purpose `content`): there it opens, and nowhere else. */
export function entrySealContext(agent_id: string, epoch: string, seq: number): string {
  return `${agent_id}/${epoch}/${seq}`;
}
