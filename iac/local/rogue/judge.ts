import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { EntryBodies, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';

/** What became of one attack. */
export interface CaseReport {
  readonly name: string;
  readonly expected: string;
  readonly refused_with: string | null;
  /** At `error` where people are to be told, else at `warn`. */
  readonly logged: boolean;
  /** Of the ServiceNow, for the ticket of this attack. */
  readonly calls: number;
}

export function isHeld({ expected, refused_with, logged, calls }: CaseReport): boolean {
  return refused_with === expected && logged && calls === 0;
}

/** The entry by which the agent says that it refused this envelope. */
export function refusalOf(entries: readonly SpoolEntry[], envelope: DsseEnvelope): OrderRefusal | null {
  const envelope_sha256 = hash('sha256', canonicalText(envelope, 8 * 1024 * 1024), 'hex');
  const refused = entries.filter((entry): entry is SpoolEntry<'order.refused'> => entry.kind === 'order.refused').find(({ body }) => body.envelope_sha256 === envelope_sha256);
  return refused?.body.refusal ?? null;
}

/** The code by which it says that it refused policy or keys, after the first `before` entries. */
export function policyRefusalOf(entries: readonly SpoolEntry[], before: number): string | null {
  const refused = entries.slice(before).find(({ kind }) => kind === 'policy.refused');
  return (refused?.body as EntryBodies['policy.refused'] | undefined)?.code ?? null;
}

interface LogLine {
  readonly level?: string;
  readonly refusal?: string;
  readonly order_id?: string | null;
  readonly code?: string;
}

/** What the agent has logged, as it does by default: a line of JSON each. */
export class AgentLog {
  readonly #lines: readonly LogLine[];

  private constructor(lines: readonly LogLine[]) {
    this.#lines = lines;
  }

  static async read(file: string): Promise<AgentLog> {
    return new AgentLog((await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine));
  }

  hasRefusal(refusal: OrderRefusal, order_id: string): boolean {
    const level = ORDER_REFUSALS[refusal].alarm ? 'error' : 'warn';
    return this.#lines.some((line) => line.level === level && line.refusal === refusal && line.order_id === order_id);
  }

  hasError(code: string): boolean {
    return this.#lines.some((line) => line.level === 'error' && line.code === code);
  }
}
