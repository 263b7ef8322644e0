/**
 * `npm run bench -- agent [--json] [--quick] [--agent FILE]`: what a step takes longer through an agent than in the cell, in turns in one run against
 * one ServiceNow sandbox; and the agent's memory and CPU before its first order, at 50 calls per second, and a minute after that.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { BenchCell } from './cell.ts';
import { measureLatency } from './latency.ts';
import { measureIdle, measureLoad } from './load.ts';
import { startPlace } from './place.ts';
import { asText } from './report.ts';
import { SandboxLog } from './sandbox-log.ts';

const STEPS_PER_RUN = 5;
const CALLS_PER_SECOND = 50;

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, agent: { type: 'string' } } });
const size = values.quick === true ? { turns: 5, idle_ms: 5_000, load_ms: 5_000 } : { turns: 60, idle_ms: 75_000, load_ms: 30_000 };
const place = await startPlace(values.agent ?? null);
try {
  const [cell, log] = [new BenchCell(place), new SandboxLog(place)];
  const idle = await measureIdle(place, size.idle_ms);
  await cell.publish(STEPS_PER_RUN);
  const tickets = await log.raise(20);
  const latency = await measureLatency(cell, place, { turns: size.turns, tickets });
  const load = await measureLoad(cell, log, place, { callsPerSecond: CALLS_PER_SECOND, stepsPerRun: STEPS_PER_RUN, forMs: size.load_ms, tickets });
  const after = await measureIdle(place, size.idle_ms);
  const figures = { agent_version: place.agent_version, load_of_machine: loadavg()[0] ?? 0, latency, idle, load, after };
  process.stdout.write(values.json === true ? `${JSON.stringify(figures, null, 2)}\n` : asText(figures));
} finally {
  await place.stop();
}
