import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import type { CellApi } from '../cell/cell-api.ts';

/** What the audit says of outcomes that were told after the agent had been counted as lost. */
export interface ToldLate {
  readonly told_late: number;
  readonly told_latest_ms: number;
}

/** By `occurred_at`, when it happened at the agent, and `received_at`, when the cell was told. */
export async function toldLate(api: CellApi): Promise<ToldLate> {
  const delays = (await api.auditEvents('agent.outcome_delivered')).map(({ event }) => delayOf(event['data'] as Readonly<Record<string, string>>));
  return { told_late: delays.filter((delay) => delay > AGENT_LOST_MS).length, told_latest_ms: Math.max(0, ...delays.filter(Number.isFinite)) };
}

function delayOf({ occurred_at, received_at }: Readonly<Record<string, string>>): number {
  return Date.parse(received_at ?? '') - Date.parse(occurred_at ?? '');
}
