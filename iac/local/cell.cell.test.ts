import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoReport } from './demo/report.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

describe('a cell', () => {
  let cell: CellUnderTest;

  beforeAll(async () => { cell = await CellUnderTest.start(); }, 120_000);
  afterAll(() => cell.dispose(), 60_000);

  it('says what runs where, how to sign in and how to raise a ticket', () => {
    for (const text of ['Console and API', 'ServiceNow sandbox', 'PostgreSQL', '/sign-in#token=', 'npm run demo', 'Ctrl-C']) expect(cell.output).toContain(text);
  });

  it('refuses a second start on the same folder, and a port that is taken, in words', async () => {
    const second = await run('iac/local/start.ts', ['--data-dir', cell.dataDir, '--port', '0', '--sandbox-port', '0', '--no-opa']);
    expect(second).toMatchObject({ code: 3, stderr: expect.stringMatching(/already runs on .* \(pid \d+, http:/) as string });
    const port = new URL((await cell.state()).url).port;
    const taken = await run('iac/local/start.ts', ['--data-dir', path.join(cell.dataDir, 'other'), '--port', port, '--sandbox-port', '0', '--no-opa']);
    expect(taken).toMatchObject({ code: 4, stderr: expect.stringContaining(`Port ${port} (API and console) is taken`) as string });
  }, 60_000);

  it('takes tickets all the way while its worker is killed three times, and writes each note once', async () => {
    const demo = run('iac/local/demo.ts', ['--tickets', '6', '--json', '--data-dir', cell.dataDir]);
    for (let times = 0; times < 3; times += 1) await killAndAwaitReturn(cell, 'worker-1');
    const { code, stdout, stderr } = await demo;
    const report = JSON.parse(stdout) as DemoReport;
    expect(report, stderr).toMatchObject({ tickets: 6, written_back: 6, evidence_verified: 6, denied: 0 });
    expect(code).toBe(0);
  }, 240_000);

  it('survives the death of its control plane and of PostgreSQL', async () => {
    for (const name of ['control-plane', 'postgres']) await killAndAwaitReturn(cell, name);
    const { code, stdout, stderr } = await run('iac/local/demo.ts', ['--tickets', '2', '--json', '--data-dir', cell.dataDir]);
    expect(JSON.parse(stdout) as DemoReport, stderr).toMatchObject({ written_back: 2, evidence_verified: 2 });
    expect(code).toBe(0);
  }, 180_000);

  it('makes evidence in which one flipped byte is found and its file named', async () => {
    const folder = path.join(cell.dataDir, 'demo-evidence');
    const name = (await readdir(folder)).find((entry) => entry.endsWith('.zip'))!;
    const good = await readFile(path.join(folder, name));
    const unpacked = path.join(folder, 'unpacked');
    await mkdir(unpacked, { recursive: true });
    await promisify(execFile)('python3', ['-m', 'zipfile', '-e', path.join(folder, name), unpacked]);
    // Of the many audit events, which are all proven in the same way, one.
    const [event] = await readdir(path.join(unpacked, 'events'));
    const files = [...(await readdir(unpacked)).filter((file) => file !== 'events'), `events/${event}`];
    expect(files.length).toBeGreaterThan(10);
    const { decisions } = JSON.parse(await readFile(path.join(unpacked, 'decisions.json'), 'utf8')) as { decisions: Array<{ erased: string[] }> };
    expect(decisions.length).toBeGreaterThan(3);
    expect(decisions.flatMap(({ erased }) => erased)).toContain('/input/parameters/sys_id');
    for (const decision of decisions) {
      expect(decision).toMatchObject({
        path: 'countersign/decision', bundle_digest: expect.stringMatching(/^sha256:/) as string, bundle_age_ms: expect.any(Number) as number, bundle_expires_at: expect.any(String) as string,
        shadows: [], differs: false,
      });
    }
    for (const file of files) {
      const content = await readFile(path.join(unpacked, file));
      const altered = Buffer.from(good);
      const at = altered.indexOf(content) + Math.floor(content.length / 2);
      altered[at]! ^= 1;
      const bad = path.join(folder, 'altered.zip');
      await writeFile(bad, altered);
      const { code, stdout } = await run('cli/main.ts', ['evidence', 'verify', bad, '--json']);
      expect(code, file).toBe(1);
      expect(JSON.parse(stdout), file).toMatchObject({ verified: false, file });
    }
  }, 120_000);

  it('stops within ten seconds, and has everything when it is started again', async () => {
    const before = (await (await apiOf(cell)).api.runs({ limit: 200 })).items.map((item) => item.id);
    const began = Date.now();
    expect(await cell.stop()).toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
    cell = await CellUnderTest.start([], cell.dataDir);
    const after = (await (await apiOf(cell)).api.runs({ limit: 200 })).items.map((item) => item.id);
    expect(after).toEqual(expect.arrayContaining(before));
  }, 120_000);
});

describe('a cell whose policy bundle is not signed anew', () => {
  let cell: CellUnderTest;

  beforeAll(async () => { cell = await CellUnderTest.start(['--policy-ttl-seconds', '8', '--policy-renewal-seconds', '0', '--policy-refresh-seconds', '1']); }, 120_000);
  afterAll(() => cell.dispose(), 60_000);

  it('denies the next call with bundle_stale once the bundle has expired', async () => {
    const { api, sandbox } = await apiOf(cell);
    const expires_ms = Math.max(...(await api.policy()).map((status) => Date.parse(status.expires_at)));
    await eventually(async () => (Date.now() > expires_ms ? true : undefined));
    const [ticket] = await sandbox.raise(1);
    const failed = await eventually(async () => (await api.runs({ q: ticket!.number, limit: 1 })).items.find((item) => item.state === 'failed'));
    expect(failed.error).toMatchObject({ code: 'bundle_stale' });
    const details = await api.run(failed.id);
    expect(details.calls).toEqual([]);
    expect(details.decisions.at(-1)).toMatchObject({ outcome: 'DENY', reasons: [expect.objectContaining({ rule: 'bundle_stale' }) as object] });
  }, 120_000);
});

async function killAndAwaitReturn(cell: CellUnderTest, name: string): Promise<void> {
  const returns = (): number => cell.output.split(`${name} is back`).length;
  const before = returns();
  process.kill(await cell.pidOf(name), 'SIGKILL');
  await eventually(async () => (returns() > before ? true : undefined));
}
