import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvalReport } from './eval/report.ts';
import { makeTickets } from './testing/synthetic-tickets.ts';

const COMMAND = fileURLToPath(new URL('./eval.ts', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'classifier-eval-'));
  writeTickets('train.jsonl', 900, 1);
  writeTickets('test.jsonl', 300, 2);
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeTickets(name: string, count: number, seed: number): void {
  write(name, makeTickets({ count, seed, missing: 0.2 }).map(({ labels, ...text }) => JSON.stringify({ ...text, ...labels })).join('\n'));
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function runOn(trainText: string): ReturnType<typeof run> {
  return run('triage', '--train', write('bad.jsonl', trainText), '--test', join(folder, 'test.jsonl'));
}

const files = (): string[] => ['--train', join(folder, 'train.jsonl'), '--test', join(folder, 'test.jsonl')];

describe('npm run eval -- triage', () => {
  it('prints one JSON object, the same for the same seed but for the times', () => {
    const { status, stdout, stderr } = run('triage', ...files(), '--json');
    expect(status).toBe(0);
    expect(stderr).toContain('Training on all 900 tickets');
    const report = JSON.parse(stdout) as EvalReport;
    expect(report).toMatchObject({ train_count: 900, test_count: 300, labelled_count: 900, seed: 1 });
    expect(report.training_seconds).toBeGreaterThan(0);
    expect(report.ms_per_ticket.p50).toBeGreaterThan(0);
    const group = report.labels['assignment_group']!;
    expect(group).toMatchObject({ n: 300, classes: 12 });
    expect(group.accuracy).toBeGreaterThan(0.8);
    expect(group.top3).toBeGreaterThanOrEqual(group.accuracy!);
    expect(report.labels['category']!.n).toBeLessThan(300);
    expect(JSON.parse(run('triage', ...files(), '--json', '--labels', 'category').stdout).labels).toHaveProperty('category.n');
    expect((JSON.parse(run('triage', ...files(), '--json').stdout) as EvalReport).labels).toEqual(report.labels);
  }, 60_000);

  it('prints a table without --json, and its manual', () => {
    expect(run('triage', ...files(), '--labels', 'category').stdout).toMatch(/^label +n +classes +accuracy[\s\S]*\ncategory +\d+ +3 /u);
    const help = run('--help');
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('15 bins');
  }, 60_000);

  it('warns of overlap, of values unseen in training and of labels it cannot measure', () => {
    const [first, second] = makeTickets({ count: 2, seed: 1 });
    const test = write('odd.jsonl', [{ ...first, assignment_group: 'unheard of' }, { ...second, id: 'new', urgency: '1' }].map((line) => JSON.stringify({ ...line, labels: undefined })).join('\n'));
    const { status, stderr, stdout } = run('triage', '--train', join(folder, 'train.jsonl'), '--test', test, '--json');
    expect(status).toBe(0);
    expect(stderr).toContain('1 of 2 test tickets have an id that is also in training');
    expect(stderr).toContain('2 of 2 test tickets have the very text');
    expect(stderr).toContain('no training ticket carries urgency');
    expect((JSON.parse(stdout) as EvalReport).labels['assignment_group']).toMatchObject({ n: 1, accuracy: 0, unseen_in_training: 1 });
  }, 60_000);

  it.each([
    [['triage', '--train', 'x'], 'eval_usage', '--test FILE is missing'],
    [['sing'], 'eval_usage', 'triage'],
    [['triage', '--train', 'a', '--test', 'b', '--seed', '-1'], 'eval_usage', '--seed'],
    [['triage', '--frain', 'a'], 'eval_usage', '--frain'],
    [['triage', '--train', '/nowhere/a', '--test', '/nowhere/b'], 'eval_file_unreadable', '/nowhere/a'],
  ])('refuses %j with exit code 2', (args, code, text) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(code);
    expect(stderr).toContain(text);
  });

  it.each([
    ['', 'eval_file_empty', 'bad.jsonl'],
    ['\n{"id": "1", oops}\n', 'eval_line_invalid', 'bad.jsonl:2: is not JSON'],
    ['[1]', 'eval_line_invalid', 'bad.jsonl:1: must be a JSON object'],
    ['{"short_description": "a", "description": "b"}', 'eval_line_invalid', 'id is missing'],
    ['{"id": 1, "category": "a"}', 'eval_line_invalid', 'has neither short_description nor description'],
    ['{"id": 1, "short_description": 5, "description": "b"}', 'eval_line_invalid', 'short_description must be text'],
    ['{"id": 1, "short_description": "a", "description": "b", "category": ["x"]}', 'eval_line_invalid', 'category must be text'],
    ['{"id": 1, "short_description": "a", "description": "b"}', 'eval_line_invalid', 'no ticket carries a label'],
    ['{"id": 1, "short_description": "a", "description": "b"}\n{"id": "1", "short_description": "", "description": ""}', 'eval_duplicate_id', 'bad.jsonl:2: id "1" is also on line 1'],
  ])('refuses the training file %j', (text, code, message) => {
    const { status, stdout, stderr } = runOn(text);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(code);
    expect(stderr).toContain(message);
  });
});
