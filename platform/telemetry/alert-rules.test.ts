import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Rules { readonly groups: ReadonlyArray<{ readonly name: string; readonly rules: ReadonlyArray<{ readonly alert?: string; readonly record?: string; readonly expr: string; readonly annotations?: Record<string, string> }> }> }

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const rules = (parse(read('iac/prometheus/countersign-rules.yml')) as Rules).groups.flatMap((group) => group.rules);

/** Where metrics are made. A name in a rule that is none of these can never fire. */
const SOURCES = ['execution-plane/telemetry/figure-metrics.ts', 'execution-plane/telemetry/worker-gauges.ts', 'execution-plane/telemetry/observed-egress.ts', 'control-plane/telemetry/agent-metrics.ts', 'control-plane/telemetry/cell-metrics.ts', 'control-plane/telemetry/request-metrics.ts', 'control-plane/telemetry/telemetry.ts'];
const made = new Set(SOURCES.flatMap((path) => read(path).match(/countersign_[a-z0-9_]+/g) ?? []));

test.each(rules.map((rule) => [rule.alert ?? rule.record, rule] as const))('%s asks for metrics that there are, and names a runbook that there is', (_name, rule) => {
  const named = (rule.expr.match(/countersign_[a-z0-9_]+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, (suffix) => (made.has(name) ? suffix : '')));
  if (!rule.expr.includes('nodejs_')) expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect([name, made.has(name)]).toEqual([name, true]);
  if (rule.alert === undefined) return;
  const runbook = rule.annotations?.['runbook'] ?? '';
  expect([runbook, existsSync(fileURLToPath(new URL(runbook, ROOT)))]).toEqual([runbook, true]);
  expect(rule.annotations?.['summary']).toBeTruthy();
});

test('every metric is in the table that operators read', () => {
  const table = read('docs/how-to/watch-a-cell.md');
  for (const name of made) expect([name, table.includes(name)]).toEqual([name, true]);
});
