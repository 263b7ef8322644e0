import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';
import { runChaos } from './run-chaos.ts';
import type { ChaosReport } from './run-chaos.ts';

/** What only a quiet machine can promise is measured by the long forms; here it counts that nothing is wrong. */
const wrong = ({ verdict }: ChaosReport) => verdict.findings.filter((finding) => finding.check !== 'resumption');
const asked = (...argv: string[]) => readArguments(argv)!;

describe('chaos, in short', () => {
  it('workers killed between an effect and its outcome lose nothing and do nothing twice', async () => {
    const report = await runChaos(asked('--runs', '60', '--kills', '6', '--seed', '11'));
    expect(wrong(report)).toEqual([]);
    expect(report.struck).toMatchObject({ workers_ended_by_themselves: 0 });
    expect(report.struck.kills_between_effect_and_outcome).toBeGreaterThan(0);
    expect(report.verdict.counts).toMatchObject({ accepted: 60, runs: 60, effects: 120 });
  }, 120_000);

  it('workers stopped past their lease write nothing when they go on', async () => {
    const report = await runChaos(asked('--runs', '40', '--kills', '0', '--pauses', '10', '--lease-ms', '600', '--seed', '12'));
    expect(wrong(report)).toEqual([]);
    expect(report.struck.pauses).toBeGreaterThan(0);
    expect(report.stale_writes_refused).toBeGreaterThan(0);
  }, 120_000);

  it('PostgreSQL stopped at once loses nothing that was acknowledged', async () => {
    const report = await runChaos(asked('--runs', '40', '--kills', '1', '--postgres-crashes', '2', '--seed', '13'));
    expect(wrong(report)).toEqual([]);
    expect(report.struck.postgres_crashes).toBe(2);
  }, 120_000);
});
