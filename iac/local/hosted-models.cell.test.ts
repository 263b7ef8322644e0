import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DemoReport } from './demo/report.ts';
import { apiOf } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

/** Tickets sorted by hosted models, each provider by a stand-in that others wrote, on one cell. */

let cell: CellUnderTest;
beforeAll(async () => { cell = await CellUnderTest.start(); }, 120_000);
afterAll(() => cell.dispose(), 60_000);

it.each(['openai', 'azure', 'anthropic'])('%s: written back, verified, and what it cost is known', async (provider) => {
  const { api } = await apiOf(cell);
  const active = async () => (await api.workflows()).find(({ name }) => name === 'incident-triage')?.activations;
  const before = await active();
  const { code, stdout, stderr } = await run('iac/local/demo.ts', ['--tickets', '1', '--model', provider, '--json', '--data-dir', cell.dataDir]);
  const report = JSON.parse(stdout) as DemoReport & { model_asked: number };
  expect(report, stderr).toMatchObject({ written_back: 1, evidence_verified: 1, denied: 0, model_asked: 1 });
  expect(report.cost_usd_per_ticket).toBeGreaterThan(0);
  expect(code).toBe(0);
  // The cell's own model sorts the next ticket.
  expect(await active()).toEqual(before);

  const { id } = (await api.runs({ limit: 1 })).items[0]!;
  const evidence = (await api.run(id)).calls.find(({ action }) => action.endsWith('/generate'));
  expect(evidence).toMatchObject({ state: 'succeeded' });
}, 90_000);
