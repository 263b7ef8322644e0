/** With the real opa that `npm run setup:opa` sees to. */
import { expect, test } from 'vitest';
import { compileTenant, deny, shippedOptions } from './testing.ts';
import { startEvaluator } from '../evaluator.ts';

const LATE = deny(['input.action.risk == "write"', 'input.local_time.hour >= data.countersign.config.tenant.late']);
const LATE_TEST = `package countersign.tenant_test

import data.countersign.tenant

at(hour) := {"action": {"risk": "write"}, "local_time": {"hour": hour}}

test_late if {
	count(tenant.verdicts) == 1 with input as at(18)
}

test_early if {
	count(tenant.verdicts) == 0 with input as at(17)
}
`;

test('a good policy: tests with coverage, WASM that decides by it, where its rules are, and what it reads', async () => {
  const report = await compileTenant({ 'tenant.rego': LATE, 'tenant_test.rego': LATE_TEST }, { data: { late: 18 } });
  expect(report).toMatchObject({ ok: true, problems: [], formatted: {} });
  expect(report.tests.map(({ name, file, passed }) => [name, file, passed])).toEqual([['test_early', 'tenant/tenant_test.rego', true], ['test_late', 'tenant/tenant_test.rego', true]]);
  expect(report.coverage).toEqual({ percent: 100, files: { 'tenant/tenant.rego': { covered: [[3, 11]], not_covered: [] } } });
  expect(report.rules['tenant/late']).toEqual({ file: 'tenant/tenant.rego', line: 8 });
  expect(Object.keys(report.rules)).toEqual(expect.arrayContaining(['base/destructive_needs_a_person', 'itsm/read_allowed', 'engineering/read_allowed']));
  expect(report.opa_version).toMatch(/^\d+\.\d+\.\d+$/);

  const evaluator = await startEvaluator({ wasm: report.wasm!, data: JSON.stringify({ countersign: { config: { tenant: { late: 18 } } } }), entrypoint: 'countersign/decision', deadline_ms: 5_000 });
  try {
    expect(await evaluator.evaluate(JSON.stringify({ action: { risk: 'write' }, local_time: { hour: 18 } }))).toMatchObject([{ result: { outcome: 'DENY', reasons: expect.arrayContaining([{ rule: 'tenant/late', message: 'Too late' }]) as unknown } }]);
  } finally {
    await evaluator.close();
  }
});

test('the same sources compile to the same bytes', async () => {
  const [one, other] = await Promise.all([compileTenant({ 'tenant.rego': LATE }), compileTenant({ 'tenant.rego': LATE, 'tenant_test.rego': 'package countersign.tenant_test\n' })]);
  expect(Buffer.compare(one.wasm!, other.wasm!)).toBe(0);
});

test('every file with an error in its syntax is told, and nothing is checked further', async () => {
  const { ok, problems, tests, wasm } = await compileTenant({ 'a.rego': 'package countersign.tenant\n\nx if {\n\tinput.foo ==\n}\n', 'b.rego': 'x := 1\n', 'c.rego': '' });
  expect({ ok, tests, wasm }).toEqual({ ok: false, tests: [], wasm: null });
  expect(problems.map(({ code, file, line, text }) => [code, file, line, text])).toEqual([['rego_parse_error', 'tenant/a.rego', 5, '}'], ['rego_parse_error', 'tenant/b.rego', 1, 'x := 1'], ['rego_parse_error', 'tenant/c.rego', 1, '']]);
});

test('another layout is a warning, with the text as opa writes it', async () => {
  const report = await compileTenant({ 'tenant.rego': LATE.replaceAll('\t', '  ') });
  expect(report.ok).toBe(true);
  expect(report.problems).toMatchObject([{ code: 'not_formatted', severity: 'warning', file: 'tenant/tenant.rego', line: 4, text: '  input.action.risk == "write"' }]);
  expect(report.formatted).toEqual({ 'tenant/tenant.rego': LATE });
});

test('a test that fails says on which line, and what it compared', async () => {
  const report = await compileTenant({ 'tenant.rego': LATE, 'tenant_test.rego': LATE_TEST.replace('== 1 with input as at(18)', '== 1 with input as at(3)') }, { data: { late: 18 } });
  expect(report).toMatchObject({ ok: false, wasm: null, coverage: null });
  expect(report.tests.find(({ name }) => name === 'test_late')).toMatchObject({ passed: false, failed_at: 8, message: 'This does not hold: count(tenant.verdicts) == 1 with input as at(3), as it is 0 == 1' });
  expect(report.problems).toMatchObject([{ code: 'test_failed', file: 'tenant/tenant_test.rego', line: 8, text: '\tcount(tenant.verdicts) == 1 with input as at(3)' }]);
});

test('what facts are read is found behind aliases, computed parts and calls', async () => {
  const { layers } = await shippedOptions();
  const readsNothing = layers.filter(({ name }) => name === 'base' || name === 'packs/itsm');
  const reads = async (condition: string, imports = ''): Promise<readonly string[]> => {
    const source = deny([condition]).replace('\n\n', `\n\n${imports}`);
    const report = await compileTenant({}, { layers: [...readsNothing, { name: 'tenant', files: new Map([['tenant/tenant.rego', source]]) }] });
    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    return report.reads;
  };
  expect(await reads('input.counters.action.hour > 10')).toEqual(['counters']);
  expect(await reads('spent.spent_micro_usd > 10', 'import input.budget.run as spent\n\n')).toEqual(['budget']);
  expect(await reads('input["budget"].run.spent_micro_usd > 10')).toEqual(['budget']);
  expect(await reads('count(object.get(input, "x", {})) > 3')).toEqual(['budget', 'counters']);
  expect(await reads('count(input[input.action.name]) == 3')).toEqual(['budget', 'counters']);
  expect(await reads('input.action.name == "x"')).toEqual([]);
});

test('a rule named by the caller of a function is found where its name is given', async () => {
  const source = `package countersign.tenant

verdicts contains denied("tenant/closed", "Closed") if input.local_time.weekday == "sunday"

denied(rule, message) := {"outcome": "DENY", "rule": rule, "message": message, "obligations": {}}
`;
  const { ok, rules } = await compileTenant({ 'tenant.rego': source });
  expect(ok).toBe(true);
  expect(rules['tenant/closed']).toEqual({ file: 'tenant/tenant.rego', line: 3 });
});

test('the layers together: what the environment says of the tenant\'s data is read there', async () => {
  const { layers } = await shippedOptions();
  const of = (name: 'tenant' | 'environment', source: string) => ({ name, files: new Map([[`${name}/${name}.rego`, source]]), data: { [name]: 1 } });
  const environment = deny(['data.countersign.config.tenant.tenant == 1', 'data.countersign.config.environment.environment == 1'], 'environment/closed').replace('countersign.tenant', 'countersign.environment');
  const report = await compileTenant({}, { layers: [...layers, of('tenant', LATE.replace('config.tenant.late', 'config.tenant.tenant')), of('environment', environment)] });
  expect(report).toMatchObject({ ok: true, problems: [] });
  expect(report.rules).toMatchObject({ 'tenant/late': {}, 'environment/closed': { file: 'environment/environment.rego' } });
});
