import { STEPS } from '../engine/contender.ts';
import type { Measured } from '../engine/contender.ts';
import { startLocalServer } from '../engine/local-server.ts';
import { startContender } from '../engine/processes.ts';
import type { StepLatencyFigures } from './report.ts';
import { median } from './statistics.ts';
import type { World } from './world.ts';

/** Runs of five writing steps under way at a time. */
const IN_FLIGHT = [1, 8];

/**
 * What sealing adds to a step: the engine's own runs of five steps, with nobody sealing what they write and with the sequencer at work, in turns.
 * Its events are written either way: they are a part of the step's own transactions.
 */
export async function measureStepLatency({ rounds, duration_ms }: { rounds: number; duration_ms: number }, { adminUrl, controlUrl, executionUrl, sealer }: World): Promise<StepLatencyFigures[]> {
  const local = await startLocalServer();
  const engine = await startContender('countersign', 'write', { adminUrl, controlUrl, executionUrl, localServerUrl: local.url });
  try {
    await engine.measure(8, duration_ms);
    const figures: StepLatencyFigures[] = [];
    for (const in_flight of IN_FLIGHT) {
      const pairs: Array<{ alone: Measured; sealed: Measured }> = [];
      for (let round = 0; round < rounds; round += 1) {
        const alone = await engine.measure(in_flight, duration_ms);
        sealer.resume();
        // What the round before has left is sealed while nobody looks.
        await engine.measure(in_flight, duration_ms / 4);
        pairs.push({ alone, sealed: await engine.measure(in_flight, duration_ms) });
        sealer.pause();
      }
      figures.push(figuresOf(in_flight, pairs));
    }
    return figures;
  } finally {
    await engine.stop();
    await local.stop();
  }
}

function figuresOf(in_flight: number, pairs: ReadonlyArray<{ alone: Measured; sealed: Measured }>): StepLatencyFigures {
  return {
    in_flight,
    step_p50_ms: { unsealed: median(pairs.map(({ alone }) => alone.p50_ms / STEPS)), sealed: median(pairs.map(({ sealed }) => sealed.p50_ms / STEPS)) },
    step_p99_ms: { unsealed: median(pairs.map(({ alone }) => alone.p99_ms / STEPS)), sealed: median(pairs.map(({ sealed }) => sealed.p99_ms / STEPS)) },
    added_p50_ms: median(pairs.map(({ alone, sealed }) => (sealed.p50_ms - alone.p50_ms) / STEPS)),
  };
}
