import type { LatencyFigures } from './latency.ts';
import type { LoadFigures } from './load.ts';

export interface AgentFigures {
  readonly agent_version: string;
  /** Over the last minute, of everything on it. */
  readonly load_of_machine: number;
  readonly latency: LatencyFigures;
  /** Before its first order. */
  readonly idle: LoadFigures;
  readonly load: LoadFigures;
  /** With nothing to do once more, after all of it. */
  readonly after: LoadFigures;
}

export function asText({ latency, idle, load, after, load_of_machine }: AgentFigures): string {
  const cost = (name: string, { calls_per_s, agent_cores, agent_rss_mb }: LoadFigures): string => `  ${name.padEnd(6)} ${calls_per_s} calls/s: ${agent_rss_mb} MB, ${agent_cores} of a core`;
  return [
    `${latency.steps} steps each, in turns`,
    `  in the cell        p50 ${latency.in_cell_ms.p50} ms, p99 ${latency.in_cell_ms.p99} ms`,
    `  through the agent  p50 ${latency.through_agent_ms.p50} ms, p99 ${latency.through_agent_ms.p99} ms`,
    `  added              p50 ${latency.added_ms.p50} ms, p99 ${latency.added_ms.p99} ms`,
    'The agent', cost('idle', idle), cost('loaded', load), cost('after', after), `Load of the machine: ${load_of_machine.toFixed(1)}`, '',
  ].join('\n');
}
