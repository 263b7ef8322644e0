import { expect, it } from 'vitest';
import { TestRunError } from './errors.ts';
import { StageReport } from './report.ts';

it('prints a line with its time for each stage, and goes on after one that failed', async () => {
  let text = '';
  let now_ms = 0;
  const report = new StageReport((part) => (text += part), () => (now_ms += 600));
  expect(await report.stage('first', async (note) => {
    note('half of it');
    return 7;
  })).toBe(7);
  expect(await report.stage('second', () => Promise.reject(new TestRunError('test_stage_failed', 'tool ended with exit code 2', 'a.ts: wrong\n')))).toBeUndefined();
  await report.stage('third', () => Promise.resolve());

  expect(report.failed).toEqual(['second']);
  expect(text.split('\n')).toEqual([
    '  … first: half of it',
    '  ✓ first (0.6 s)',
    '  ✗ second (0.6 s)',
    '      tool ended with exit code 2',
    '      a.ts: wrong',
    '  ✓ third (0.6 s)',
    '',
  ]);
});

it('stops at an interruption', async () => {
  const report = new StageReport(() => undefined);
  await expect(report.stage('any', () => Promise.reject(new TestRunError('test_run_interrupted', 'x')))).rejects.toMatchObject({ code: 'test_run_interrupted' });
});
