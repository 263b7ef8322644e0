/** The commands that need no server, as a person runs them: real folders, the real author's tool, the real opa. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newFolder } from './new-folder.ts';

/** Instead of a part: everything. */
const EVERYTHING = '*';
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let root: string;
let count = 0;
beforeAll(() => { root = mkdtempSync(path.join(tmpdir(), 'countersign-policy-test-')); });
afterAll(() => rmSync(root, { recursive: true }));

function policy(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'policy', ...args], { cwd: root }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }));
  });
}

/** A new folder of its own; answers its name. */
async function made(layer = 'tenant', packs?: string[]): Promise<string> {
  count += 1;
  const name = `policy-${count}`;
  await newFolder(path.join(root, name), { layer, packs });
  return name;
}

const read = (...names: string[]): string => readFileSync(path.join(root, ...names), 'utf8');
const change = (folder: string, file: string, from: string, to: string): void => {
  expect(read(folder, file)).toContain(from);
  writeFileSync(path.join(root, folder, file), read(folder, file).replace(from, to));
};

it.each(['tenant', 'workspace', 'environment'])('a new folder of the layer %s is good, tested whole, and lets pass what the packs let pass', async (layer) => {
  const folder = await made(layer);
  expect(await policy('check', folder)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(`${folder} is good: 2 files of the layer ${layer}`) as string });
  const tested = await policy('test', folder);
  expect(tested).toMatchObject({ code: 0, stderr: '' });
  expect(tested.stdout).toMatch(/4 of 4 tests passed\n100 % of the lines are evaluated/);
  const simulated = JSON.parse((await policy('simulate', folder, '--input', path.join(folder, 'example-input.json'), '--json')).stdout) as { decision: { outcome: string; reasons: Array<{ rule: string }> } };
  expect(simulated.decision).toMatchObject({ outcome: 'REQUIRE_HITL', reasons: [{ rule: 'itsm/write_needs_approval' }] });
});

it('a simulation names the rules, and the lines that they are on', async () => {
  const folder = await made();
  change(folder, 'data.json', '"two_people_for": []', '"two_people_for": ["servicenow/incident.update"]');
  const { code, stdout } = await policy('simulate', folder, '--input', path.join(folder, 'example-input.json'));
  expect(code).toBe(0);
  expect(stdout).toContain('REQUIRE_HITL\n');
  expect(stdout).toContain('  required_votes: 2\n');
  expect(stdout).toContain(`because tenant/two_people: Two people must approve this action\n  ${folder}/tenant.rego:28\n    "rule": "tenant/two_people",\n`);
});

it('problems are printed as a compiler prints them', async () => {
  const folder = await made();
  change(folder, 'tenant.rego', 'input.local_time.date', 'input.local_tme.date');
  expect(await policy('check', folder)).toEqual({
    code: 1, stderr: '',
    stdout: `${folder}/tenant.rego:13:8: error: input has no field "local_tme".\n    \tinput.local_tme.date in settings.freeze_dates\n    \t      ^\n  fix: Did you mean input.local_time? [unknown_input_field]\n1 error\n`,
  });
  const json = JSON.parse((await policy('check', folder, '--json')).stdout) as { ok: boolean; problems: unknown[] };
  expect(json).toMatchObject({ ok: false, problems: [{ code: 'unknown_input_field', file: 'tenant/tenant.rego', line: 13, column: 8 }] });
});

it('a test that fails says what it compared, and the exit code says so', async () => {
  const folder = await made();
  change(folder, 'tenant_test.rego', '== set()\n}\n\ntest_two_people', '== {"tenant/two_people"}\n}\n\ntest_two_people');
  const { code, stdout } = await policy('test', folder);
  expect(code).toBe(1);
  expect(stdout).toContain('error: The test test_reading_goes_on_in_a_freeze failed. This does not hold:');
  expect(stdout).toContain('3 of 4 tests passed');
});

it('--fix writes the files as opa fmt does', async () => {
  const folder = await made();
  const before = read(folder, 'tenant.rego');
  writeFileSync(path.join(root, folder, 'tenant.rego'), before.replaceAll('\t', '    '));
  expect(await policy('check', folder)).toMatchObject({ code: 0, stdout: expect.stringContaining('warning: The file is not formatted as `opa fmt` does.') as string });
  expect(await policy('check', folder, '--fix')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Formatted: tenant.rego.') as string });
  expect(read(folder, 'tenant.rego')).toBe(before);
});

it('builds a bundle that stock opa decides by', async () => {
  const folder = await made();
  const built = await policy('build', folder, '-o', 'bundle.tar.gz');
  expect(built).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('It is not signed') as string });
  const opa = await new Promise<string>((resolve) => { execFile(process.execPath, [fileURLToPath(new URL('../../iac/local/opa.ts', import.meta.url)), '--exact'], (_, stdout) => resolve(stdout.trim())); });
  const asked = await new Promise<string>((resolve) => {
    execFile(opa, ['eval', '--bundle', 'bundle.tar.gz', '--input', path.join(folder, 'example-input.json'), '--format', 'raw', 'data.countersign.decision.outcome'], { cwd: root }, (_, stdout) => resolve(stdout.trim()));
  });
  expect(asked).toBe('REQUIRE_HITL');
});

it('chooses packs', async () => {
  const folder = 'of-secops';
  expect(await policy('new', folder, '--packs', 'secops')).toMatchObject({ code: 0, stdout: expect.stringContaining('Next   countersign policy test of-secops') as string, stderr: '' });
  expect(read(folder, 'policy.yaml')).toContain('\npacks: [secops]\n');
  expect(await policy('check', folder)).toMatchObject({ code: 0 });
  expect(await policy('simulate', folder, '--input', path.join(folder, 'example-input.json'))).toMatchObject({ code: 2, stderr: expect.stringContaining('The policy reads counters, and the input has none.') as string });
});

it.each<[name: string, file: string, from: string, to: string, said: string]>([
  ['a key that is none', 'policy.yaml', 'layer: tenant', 'layr: tenant', 'policy.yaml:5: There is no layr in a policy.'],
  ['a layer that is none', 'policy.yaml', 'layer: tenant', 'layer: planet', 'policy.yaml:5: A layer is tenant, workspace, environment and not "planet".'],
  ['another kind', 'policy.yaml', 'kind: Policy', 'kind: Workflow', 'policy.yaml:3: Write `kind: Policy`.'],
  ['no YAML', 'policy.yaml', 'kind: Policy', 'kind: [', 'policy.yaml:'],
  ['packs of another layer', 'policy.yaml', 'layer: tenant', 'layer: workspace\npacks: [itsm]', 'Only the layer tenant chooses packs.'],
  ['a pack that is not there', 'policy.yaml', '# packs: [engineering, itsm]', 'packs: [itsm, finance]', 'There is no pack finance. policy.yaml can name: engineering, itsm, secops.'],
  ['data that is no JSON', 'data.json', '"two_people_for": []', '"two_people_for": [}', 'data.json:3: This is no JSON:'],
  ['data that is a list', 'data.json', EVERYTHING, '[]', 'data.json:1: The data of a layer is a JSON object'],
])('%s ends with 2 and names the place', async (_, file, from, to, said) => {
  const folder = await made();
  if (from === EVERYTHING) writeFileSync(path.join(root, folder, file), to);
  else change(folder, file, from, to);
  const ended = await policy('check', folder);
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(said) as string });
  expect(ended.stderr).not.toMatch(/\n +at /);
});

it('says what is wrong with the command', async () => {
  const folder = await made();
  expect(await policy('new', folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('exists and is not empty') as string });
  expect(await policy('new', 'other', '--layer', 'planet')).toMatchObject({ code: 2, stderr: expect.stringContaining('--layer is tenant, workspace, environment') as string });
  expect(await policy('new', 'other', '--layer', 'workspace', '--packs', 'itsm')).toMatchObject({ code: 2 });
  expect(await policy('check', 'nowhere')).toMatchObject({ code: 2, stderr: expect.stringContaining('`countersign policy new DIR` makes one') as string });
  expect(await policy('simulate', folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('Name one question') as string });
  writeFileSync(path.join(root, 'input.json'), '{"tenant": {}}');
  expect(await policy('simulate', folder, '--input', 'input.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('The input is not what policy is asked:') as string });
});
