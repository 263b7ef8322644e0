import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

describe('a cell whose approvals go to Slack', () => {
  let cell: CellUnderTest;

  beforeAll(async () => { cell = await CellUnderTest.start(); }, 120_000);
  afterAll(() => cell.dispose(), 60_000);

  it.each(['slack', 'slack-http'])('takes tickets all the way, each approved by a click (%s)', async (approve) => {
    const { code, stdout, stderr } = await run('iac/local/demo.ts', ['--tickets', '2', '--json', '--approve', approve, '--data-dir', cell.dataDir]);
    expect(JSON.parse(stdout) as unknown, stderr).toMatchObject({ tickets: 2, written_back: 2, evidence_verified: 2, denied: 0, approve, threads_told: 2 });
    expect(code).toBe(0);
  }, 180_000);

  it('proves in the evidence that the vote came from Slack, and that it is worth less', async () => {
    const folder = path.join(cell.dataDir, 'demo-evidence');
    const bundles = (await readdir(folder)).filter((name) => name.endsWith('.zip'));
    expect(bundles).toHaveLength(4);
    for (const [index, name] of bundles.entries()) {
      const unpacked = path.join(folder, `unpacked-${index}`);
      await mkdir(unpacked);
      await promisify(execFile)('python3', ['-m', 'zipfile', '-e', path.join(folder, name), unpacked]);
      expect(JSON.parse(await readFile(path.join(unpacked, 'approvals.json'), 'utf8'))).toEqual({ approvals: [expect.objectContaining({ votes: [expect.objectContaining({ channel: 'slack', auth_strength: 'slack_linked' })] })] });
    }
  });
});
