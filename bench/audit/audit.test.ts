import { expect, it } from 'vitest';
import { measureAudit } from './measure.ts';
import { asText } from './report.ts';

it('everything is written, sealed and verified, by the server and by the command line, and every figure of the report is one', async () => {
  const figures = await measureAudit({ rounds: 1, events: 600, latencies: 3, steps_ms: 200, verified: 700 });
  expect(figures.chains.map(({ chains }) => chains)).toEqual([1, 32]);
  expect(figures.steps.map(({ in_flight }) => in_flight)).toEqual([1, 8]);
  const { server, offline } = figures.verification;
  const positive = [...figures.chains.flatMap((one) => Object.values(one) as number[]), ...Object.values(figures.commit_to_sealed_ms), ...figures.steps.flatMap(({ step_p50_ms, step_p99_ms }) => [...Object.values(step_p50_ms), ...Object.values(step_p99_ms)]), server.per_s, offline.per_s];
  expect(positive.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
  expect(asText(figures)).toContain('verified, offline: 700 events');
}, 120_000);
