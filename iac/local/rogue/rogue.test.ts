import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../config.ts';
import { rogue } from './rogue.ts';

it('a control plane that has gone bad gets nothing done: each of its orders, policies, keys and times is refused, told and logged, and nobody comes to the ServiceNow', async () => {
  const report = await rogue([process.execPath, '--disable-warning=ExperimentalWarning', path.join(ROOT, 'agent/main.ts')], () => undefined);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ calls: 0, attacks: report.refused });
  expect(report.attacks).toBeGreaterThan(40);
  for (const calls of report.calls_of_good_orders) expect(calls).toBeGreaterThan(0);
}, 120_000);
