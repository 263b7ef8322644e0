import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { STAND_IN_TOKEN, startAssetInventory } from '@countersign/connectors/declared/sandbox/asset-inventory.ts';
import type { AssetInventory } from '@countersign/connectors/declared/sandbox/asset-inventory.ts';
import type { CellApi } from './cell/cell-api.ts';
import { ROOT } from './config.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest } from './testing/cell-under-test.ts';

/** A new author, by the how-to: from `countersign policy new` to what decides in dev, with nothing but the command line. */

let cell: CellUnderTest;
let api: CellApi;
let inventory: AssetInventory;
let folder: string;
let environment: Record<string, string>;

const example = (name: string): Promise<string> => readFile(path.join(ROOT, 'connectors/declared/sandbox', name), 'utf8');

beforeAll(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'countersign-policy-in-git-')), 'policy');
  cell = await CellUnderTest.start(['--policy-refresh-seconds', '1']);
  ({ api } = await apiOf(cell));
  const { url, api_key: key } = await cell.state();
  environment = { COUNTERSIGN_URL: url, COUNTERSIGN_API_KEY: key };
  inventory = await startAssetInventory();
  await api.publishConnector(parse(await example('asset-inventory.yaml')) as object);
  const credential = await api.storeCredential({ name: 'asset-inventory', kind: 'bearer', value: { token: STAND_IN_TOKEN } });
  await api.createInstance({
    connector: 'asset-inventory', connector_version: '1.0.0', name: 'assets', environment: 'dev', base_url: inventory.url, allowed_hosts: [new URL(inventory.url).host], credential_id: credential.id,
  });
  const workflow = await api.publishWorkflow(await example('asset-reassignment.yaml'));
  await api.activateWorkflow(workflow.workflow_id, 'dev', workflow.version);
}, 120_000);

afterAll(async () => {
  await inventory.stop();
  await cell.dispose();
  await rm(path.dirname(folder), { recursive: true });
}, 60_000);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function policy(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(ROOT, 'cli/main.ts'), 'policy', ...args], { env: environment }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }));
  });
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(path.join(folder, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(path.join(folder, file), text.replace(from, to));
}

const known = new Set<string>();

/** A run of its own, and what people are asked to approve in it. */
async function askedAbout(tag: string) {
  await api.startRun({ workflow: 'asset-reassignment', environment: 'dev', trigger: { tag, owner: 'field-service' } });
  const run = await eventually(async () => (await api.runs({ limit: 50 })).items.find((one) => one.workflow_name === 'asset-reassignment' && !known.has(one.id)));
  known.add(run.id);
  const approval = await eventually(async () => (await api.approvals(run.id)).items.find(({ state }) => state === 'pending'));
  return { approval, decision: (await api.run(run.id)).decisions.find(({ action }) => action === 'asset-inventory/asset.assign') };
}

it('is made, tested, published and binds', async () => {
  expect((await askedAbout('LT-1001')).approval).toMatchObject({ required_votes: 1 });

  expect(await policy('new', folder)).toMatchObject({ code: 0 });
  await edit('data.json', '"two_people_for": []', '"two_people_for": ["asset-inventory/asset.assign"]');
  expect(await policy('test', folder)).toMatchObject({ code: 0, stdout: expect.stringContaining('4 of 4 tests passed') as string });
  expect(await policy('diff', folder)).toMatchObject({ code: 1, stderr: expect.stringContaining('dev (nothing)') as string });
  const published = await policy('publish', folder, '--environment', 'dev', '--message', 'Two people assign an asset');
  expect(published, published.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/Released\. dev enforces tenant 1 \(release 1, prl_\w+\)\.\nSigned as dev-1-\w+ with seq \d+/) as string });
  expect(await policy('diff', folder)).toMatchObject({ code: 0, stdout: '' });

  const bound = await eventually(async () => {
    const asked = await askedAbout('LT-1002');
    return asked.approval.required_votes === 2 ? asked : undefined;
  });
  expect(bound.decision).toMatchObject({ outcome: 'REQUIRE_HITL', reasons: expect.arrayContaining([{ rule: 'tenant/two_people', message: 'Two people must approve this action' }]) as unknown });
}, 180_000);

it('is asked again what was asked, one decision and all of them, and says what would be otherwise', async () => {
  const { decision } = await askedAbout('PR-2001');
  await edit('tenant.rego', '"outcome": "REQUIRE_HITL"', '"outcome": "DENY"');
  await edit('tenant.rego', '"obligations": {"required_votes": 2}', '"obligations": {}');
  const simulated = await policy('simulate', folder, '--decision', decision!.id);
  expect(simulated, simulated.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^DENY\nbecause tenant\/two_people: .*\n {2}\S+tenant\.rego:28\n/) as string, stderr: expect.stringContaining('was decided REQUIRE_HITL') as string });

  const replayed = await policy('replay', folder, '--environment', 'dev', '--days', '1', '--max-newly-denied-runs', '0', '--json');
  expect(replayed.code, replayed.stderr).toBe(1);
  const { replay } = JSON.parse(replayed.stdout) as { replay: { report: { groups: unknown[] } } };
  expect(replay.report.groups).toContainEqual(expect.objectContaining({ action: 'asset-inventory/asset.assign', from: 'REQUIRE_HITL', to: 'DENY', rule: 'tenant/two_people' }));
  expect(await policy('replay', folder, '--environment', 'dev', '--days', '1', '--max-newly-denied-runs', '1000')).toMatchObject({ code: 0, stderr: expect.stringContaining('Within the limits.') as string });
}, 180_000);

it('what does not compile is not published, in the words of the compiler here', async () => {
  await edit('tenant.rego', 'input.local_time.date', 'input.local_tme.date');
  const here = await policy('check', folder);
  const there = await policy('publish', folder, '--environment', 'dev', '--message', 'x');
  expect([here.code, there.code]).toEqual([1, 1]);
  expect(there.stdout).toBe(here.stdout);
  expect(here.stdout).toContain('fix: Did you mean input.local_time? [unknown_input_field]');
}, 120_000);
