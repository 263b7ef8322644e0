/** What a policy may cost, with the real opa: whatever it does, the compilation ends with a coded problem and no process stays behind. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CompileLimits } from './compile-options.ts';
import { compilePolicy } from './compile-policy.ts';
import { CompileError } from './errors.ts';
import { Slots } from './slots.ts';
import { compileTenant, deny, shippedOptions } from './testing.ts';

/** A path of opa that no other process of this machine has in its arguments. */
let folder: string;
let opa: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-bounds-'));
  opa = path.join(folder, 'opa');
  symlinkSync((await shippedOptions()).opa, opa);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(processes()).toEqual([]));

function processes(): string[] {
  return execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n').filter((args) => args.includes(opa));
}

const RULE = deny(['input.action.risk == "write"']);
/** Ten to the twelfth combinations. */
const ENDLESS = 'count([1 | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); i + j == 0; some k in numbers.range(1, 10000)]) > 0';
const EXPLODING = 'count([[i, j] | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000)]) > 0';

async function codes(files: Readonly<Record<string, string>>, limits: Partial<CompileLimits> = {}): Promise<string[]> {
  const { ok, problems, wasm } = await compileTenant(files, { opa, limits });
  expect({ ok, wasm }).toEqual({ ok: false, wasm: null });
  return problems.map(({ code, file }) => `${code} ${file}`.trim());
}

const testOf = (...bodies: string[]): string => `package countersign.tenant_test\n\n${bodies.map((body, index) => `test_${index} if {\n\t${body}\n}\n`).join('\n')}`;

test('a test that does not end fails, and the others are told', async () => {
  const { tests, problems } = await compileTenant({ 'tenant.rego': RULE, 'tenant_test.rego': testOf(ENDLESS, '1 + 1 == 2') }, { opa, limits: { test_ms: 1000 } });
  expect(tests).toMatchObject([{ name: 'test_0', passed: false, failed_at: 3, message: 'It did not end within 1 s.' }, { name: 'test_1', passed: true }]);
  expect(problems).toMatchObject([{ code: 'test_failed', line: 3 }]);
});

test('tests that take longer than a call may are ended', async () => {
  expect(await codes({ 'tenant.rego': RULE, 'tenant_test.rego': testOf(ENDLESS) }, { call_ms: 3000, test_ms: 60_000 })).toEqual(['compile_timeout']);
});

test('a comprehension that explodes in a test is ended by the limit of memory', async () => {
  expect(await codes({ 'tenant.rego': RULE, 'tenant_test.rego': testOf(EXPLODING) }, { test_ms: 60_000 })).toEqual(['compile_out_of_memory']);
});

test('brackets in brackets a hundred thousand deep', async () => {
  const [code] = await codes({ 'tenant.rego': `package countersign.tenant\n\nx := ${'['.repeat(100_000)}${']'.repeat(100_000)}\n` });
  expect(['compile_out_of_memory tenant/tenant.rego', 'compile_output_too_large tenant/tenant.rego', 'rego_parse_error tenant/tenant.rego']).toContain(code);
});

test('more output than is read', async () => {
  expect(await codes({ 'tenant.rego': `package countersign.tenant\n\nx := ${'['.repeat(400)}${']'.repeat(400)}\n` }, { output_bytes: 2_000_000 })).toEqual(['compile_output_too_large tenant/tenant.rego']);
  expect(await codes({ 'tenant.rego': RULE }, { output_bytes: 20_000 })).not.toEqual([]);
});

test('too large is not looked at', async () => {
  const large = `package countersign.tenant\n\n${'# comment\n'.repeat(30_000)}`;
  expect(await codes({ 'tenant.rego': large })).toEqual(['file_too_large tenant/tenant.rego']);
  expect(await codes(Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`a${index}.rego`, large.slice(0, 250_000)])))).toEqual(['sources_too_large']);
  expect(await codes(Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`a${index}.rego`, 'package countersign.tenant\n'])))).toEqual(['too_many_files']);
  expect(await codes({ '../outside.rego': RULE })).toEqual(['path_invalid tenant/../outside.rego']);
  expect((await compileTenant({ 'tenant.rego': RULE }, { opa, data: { x: 'x'.repeat(6 * 1024 * 1024) } })).problems).toMatchObject([{ code: 'data_too_large' }]);
  expect((await compileTenant({ 'tenant.rego': RULE }, { opa, data: { 'ä': 1 } })).problems).toMatchObject([{ code: 'data_not_portable', file: 'tenant/data.json' }]);
});

test('as much as is allowed compiles: a mebibyte of rules', async () => {
  const rules = Array.from({ length: 1400 }, (_, index) => deny([`input.action.name == "a${index}"`], `tenant/r${index}`).slice('package countersign.tenant\n\n'.length)).join('\n');
  const files = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`f${index}.rego`, `package countersign.tenant\n\n${rules.replaceAll('tenant/r', `tenant/f${index}_r`)}`]));
  expect(Object.values(files).reduce((sum, text) => sum + text.length, 0)).toBeGreaterThan(900_000);
  const { ok, problems, rules: places } = await compileTenant(files, { opa });
  expect({ ok, problems }).toEqual({ ok: true, problems: [] });
  expect(Object.keys(places).length).toBeGreaterThan(5000);
}, 120_000);

test('a test reaches no network, no clock and nothing of our environment', async () => {
  let asked = 0;
  const server = createServer((socket) => { asked += 1; socket.destroy(); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/x`;
  const found = await codes({ 'tenant.rego': RULE, 'tenant_test.rego': testOf(`http.send({"url": "${url}", "method": "get"}).status_code == 200`, 'opa.runtime().env.PATH == 1', 'time.now_ns() == 1', `net.lookup_ip_addr("x") == set()`) });
  expect(found).toEqual(Array.from({ length: 4 }, () => 'builtin_not_allowed tenant/tenant_test.rego'));
  const annotated = (ref: string): string => `# METADATA\n# scope: package\n# schemas:\n#   - input: {"$ref": "${ref}"}\n${RULE}`;
  expect(await codes({ 'tenant.rego': annotated(url) })).toEqual(['schema_annotation tenant/tenant.rego']);
  expect(await codes({ 'tenant.rego': RULE, 'tenant_test.rego': annotated('file:///etc/passwd').replace('package countersign.tenant', 'package countersign.tenant_test') })).toEqual(['schema_annotation tenant/tenant_test.rego']);
  expect(asked).toBe(0);
  await new Promise((resolve) => { server.close(resolve); });
});

test('who waits no more ends it', async () => {
  const controller = new AbortController();
  const compiling = compileTenant({ 'tenant.rego': RULE, 'tenant_test.rego': testOf(ENDLESS) }, { opa, signal: controller.signal, limits: { test_ms: 60_000 } });
  compiling.catch(() => undefined);
  await expect.poll(() => processes().some((args) => args.includes(' test ')), { timeout: 20_000 }).toBe(true);
  controller.abort(new Error('enough'));
  await expect(compiling).rejects.toThrow('enough');
});

test('without opa, and with something else in its place', async () => {
  const options = await shippedOptions();
  await expect(compilePolicy({ ...options, opa: path.join(folder, 'none') })).rejects.toMatchObject({ code: 'opa_unavailable', message: expect.stringContaining('npm run setup:opa') as string });
  await expect(compilePolicy({ ...options, opa: '/bin/true' })).rejects.toMatchObject({ code: 'opa_unavailable' });
});

test('no folder stays behind', async () => {
  const before = new Set(scratchFolders());
  await compileTenant({ 'tenant.rego': RULE }, { opa });
  // Others compile at the same time: none of ours is among what is new and stays.
  await expect.poll(() => scratchFolders().filter((name) => !before.has(name) && readdirSync(path.join(tmpdir(), name, 'sources', 'tenant')).length === 1)).toEqual([]);
});

function scratchFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-policy-'));
}

test('some at once, some more wait in order, and the rest is refused', async () => {
  const slots = new Slots(1, 2);
  const order: string[] = [];
  const releases: Array<() => void> = [];
  const work = (name: string) => slots.run(async () => {
    order.push(name);
    await new Promise<void>((resolve) => { releases.push(resolve); });
  });
  const controller = new AbortController();
  const first = work('first');
  const given = slots.run(async () => { order.push('never'); }, controller.signal);
  const third = work('third');
  await expect(slots.run(async () => undefined)).rejects.toThrow(CompileError);
  controller.abort(new Error('left'));
  await expect(given).rejects.toThrow('left');
  await expect.poll(() => releases.length).toBe(1);
  releases[0]?.();
  await first;
  await expect.poll(() => order).toEqual(['first', 'third']);
  releases[1]?.();
  await third;
});
