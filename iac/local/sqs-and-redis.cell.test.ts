import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoReport } from './demo/report.ts';
import { eventually } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

describe('a cell on SQS and Redis', () => {
  let cell: CellUnderTest;

  beforeAll(async () => { cell = await CellUnderTest.start(['--queue', 'sqs', '--redis', '--workers', '2']); }, 180_000);
  afterAll(() => cell.dispose(), 60_000);

  it('takes tickets all the way', async () => {
    expect(Object.keys((await cell.state()).processes)).toEqual(expect.arrayContaining(['sqs-stand-in', 'redis']));
    expect(await demo(cell, 3)).toMatchObject({ tickets: 3, written_back: 3, evidence_verified: 3, denied: 0 });
  }, 180_000);

  it('takes them all the way while both are killed and come back, and writes each note once', async () => {
    const tickets = demo(cell, 4);
    for (const name of ['sqs-stand-in', 'redis', 'sqs-stand-in']) await killAndAwaitReturn(cell, name);
    expect(await tickets).toMatchObject({ tickets: 4, written_back: 4, evidence_verified: 4, denied: 0 });
  }, 240_000);
});

/** Tickets from the sandbox, approvals, and what was written back, judged from outside: a note that is there twice counts as not written back. */
async function demo(cell: CellUnderTest, tickets: number): Promise<DemoReport> {
  const { code, stdout, stderr } = await run('iac/local/demo.ts', ['--tickets', String(tickets), '--json', '--data-dir', cell.dataDir]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as DemoReport;
}

async function killAndAwaitReturn(cell: CellUnderTest, name: string): Promise<void> {
  const returns = (): number => cell.output.split(`${name} is back`).length;
  const before = returns();
  process.kill(await cell.pidOf(name), 'SIGKILL');
  await eventually(async () => (returns() > before ? true : undefined));
}
