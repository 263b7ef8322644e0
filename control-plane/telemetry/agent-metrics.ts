import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';

export interface AgentMetrics {
  /** Something about an agent that people have to look at; each occurrence once, however often it is told of. */
  alarmed(kind: string): void;
}

export function agentMetrics(metrics: Metrics): AgentMetrics {
  const alarms = metrics.counter({ name: 'countersign_agent_alarms_total', help: 'What agents were sent, or have done, that honest cells and agents do not: orders that were refused, tokens used twice, spools that tell another story.', labels: ['kind'] });
  return { alarmed: (kind) => alarms.add(1, kind) };
}
