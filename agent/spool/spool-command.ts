import type { AgentConfig } from '../config/agent-config.ts';
import { spoolOptionsOf } from '../config/spool-options.ts';
import { inspectSpool } from './inspect-spool.ts';
import type { SpoolReport } from './inspect-spool.ts';

/** What a running agent last wrote of its spool, which nobody else can read meanwhile. */
export interface ReportedSpool {
  readonly at: string;
  readonly state: 'open' | 'full' | 'damaged';
  readonly seq: number;
  readonly delivered_seq: number;
  readonly bytes: number;
}

const MIB = 1024 * 1024;
const NOT_WHOLE = 1;

/**
 * `countersign-agent spool [--json]`: what waits to be delivered, and whether it is what was written.
 *
 * @param reported of the agent that runs with this state_dir; null: it has written nothing yet
 * @returns the text, and the exit code: 0, or 1 where the spool is damaged or there is none
 */
export async function spoolCommand(
  config: Pick<AgentConfig, 'state_dir' | 'spool'>, json: boolean, reported: () => Promise<ReportedSpool | null>,
): Promise<{ readonly text: string; readonly exit: number }> {
  const found = await inspectSpool(spoolOptionsOf(config));
  const running = found.state === 'in_use' ? await reported() : null;
  const report = running === null ? found : { ...found, ...figuresOf(running) };
  const exit = report.state === 'damaged' || report.state === 'none' ? NOT_WHOLE : 0;
  return { text: json ? JSON.stringify({ ...report, reported_at: running?.at ?? null }) : told(report, running?.at ?? null), exit };
}

function figuresOf({ seq, delivered_seq, bytes }: ReportedSpool): Pick<SpoolReport, 'seq' | 'delivered_seq' | 'bytes' | 'waiting'> {
  return { seq, delivered_seq, bytes, waiting: seq - delivered_seq };
}

function told(report: SpoolReport, reportedAt: string | null): string {
  const { folder, state, waiting, oldest_at, seq, bytes, limit_bytes, under_way, room_for, chain, problem } = report;
  const lines = [`Spool of ${folder}: ${state === 'in_use' ? 'in use by the agent that runs' : state}`];
  if (waiting !== null) lines.push(`  waiting      ${waiting} ${waiting === 1 ? 'entry' : 'entries'} of ${seq}${oldest_at === null ? '' : `, the oldest from ${oldest_at}`}`);
  if (bytes !== null) lines.push(`  size         ${(bytes / MIB).toFixed(1)} MiB of ${(limit_bytes / MIB).toFixed(0)} MiB`);
  if (under_way !== null) lines.push(`  orders       ${under_way} under way, room for ${room_for} more`);
  if (chain === 'whole') lines.push('  chain        whole: each waiting entry is the one that was written');
  if (state === 'in_use') lines.push(reportedAt === null ? '  It has written no status yet.' : `  As of ${reportedAt}. Stop the agent to have the chain read from its bytes.`);
  else if (problem !== null) lines.push(`  ${problem.code}: ${problem.message}`);
  return lines.join('\n');
}
