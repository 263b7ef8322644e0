import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { PLANTED } from './plants.ts';
import { wholeEvidence } from './testing/whole-evidence.ts';

describe('the checker of chaos', () => {
  it('finds nothing where all is well', () => {
    const { findings, counts } = check(wholeEvidence());
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ accepted: 1, effects: 2, repeated_by_the_peer: 1, crashed_steps: 1, resumed_in_time_percent: 100, leases_taken_over: 1 });
  });

  it.each(PLANTED)('finds $what', ({ by, plant }) => {
    const { findings } = check(plant(wholeEvidence()));
    expect(findings.map((finding) => finding.check)).toContain(by);
  });

  it('leaves out of the measure what waited for PostgreSQL itself', () => {
    const late = PLANTED.find(({ by }) => by === 'resumption')!.plant(wholeEvidence());
    const excused = check({ ...late, strikes: [...late.strikes, { at_ms: 1_600, until_ms: 2_000, does: 'crash_postgres', worker: null }] });
    expect(excused.findings.map((finding) => finding.check)).not.toContain('resumption');
    expect(excused.counts).toMatchObject({ crashed_steps: 0 });
  });
});
