import { join } from 'node:path';
import type { PolicyHeld } from '@countersign/contracts/agent/protocol.ts';
import { readPrivate, writePrivate } from '../enrolment/private-file.ts';
import type { SessionView } from '../session/session.ts';

/** What an agent writes of itself while it runs: there is no port and no socket that one could ask. */
export interface AgentStatus {
  readonly at: string;
  readonly pid: number;
  readonly version: string;
  readonly started_at: string;
  readonly state: 'running' | 'draining' | 'stopped';
  readonly agent_id: string;
  readonly cell_url: string;
  readonly pool: string;
  readonly environment: string;
  readonly session: SessionView;
  readonly certificate_expires_at: string;
  readonly clock: { readonly offset_ms: number; readonly trusted: boolean };
  readonly policy: readonly PolicyHeld[];
  readonly orders: { readonly under_way: readonly string[]; readonly free: number; readonly capacity: number };
  readonly spool: { readonly state: 'open' | 'full' | 'damaged'; readonly seq: number; readonly delivered_seq: number; readonly bytes: number; readonly limit_bytes: number };
  readonly memory_bytes: number;
}

export const STATUS_EVERY_MS = 5_000;
/** Older than this, it is of an agent that does not run any more. */
const STALE_MS = 3 * STATUS_EVERY_MS;

export async function writeStatus(state_dir: string, status: AgentStatus): Promise<void> {
  await writePrivate(fileOf(state_dir), `${JSON.stringify(status)}\n`);
}

/** What was last written; null where nothing was, or half of it. */
export async function readStatus(state_dir: string): Promise<AgentStatus | null> {
  const text = await readPrivate(fileOf(state_dir));
  try {
    return text === null ? null : JSON.parse(text) as AgentStatus;
  } catch {
    return null;
  }
}

/** Whether the agent that wrote it is still there. */
export function isRunning({ at, state }: Pick<AgentStatus, 'at' | 'state'>, now: Date): boolean {
  return state !== 'stopped' && Math.abs(now.getTime() - Date.parse(at)) <= STALE_MS;
}

function fileOf(state_dir: string): string {
  return join(state_dir, 'status.json');
}
