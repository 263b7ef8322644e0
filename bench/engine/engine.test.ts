import { expect, it } from 'vitest';
import { measureEngine } from './measure.ts';
import { asText, CONTENDERS } from './report.ts';

it('all contenders bring runs of five steps to their end on one server, and every figure of the report is one', async () => {
  const [figures] = await measureEngine({ kinds: ['write'], contenders: CONTENDERS, inFlight: [4], durationMs: 500, warmUpMs: 200, calibrationMs: 100 });
  const load = figures!.loads[0]!;
  expect(Object.keys(load.contenders)).toEqual([...CONTENDERS]);
  for (const measured of Object.values(load.contenders)) expect(Object.values(measured).every((value) => Number.isFinite(value) && value > 0)).toBe(true);
  expect(Object.keys(load.ratio)).toEqual(['dbos', 'graphile']);
  expect(asText([figures!])).toContain('over dbos');
}, 120_000);
