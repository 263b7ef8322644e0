import { expect, test } from 'vitest';
import { holds } from './attack-plan.ts';
import { judge } from './judge.ts';
import { proveEgress } from './prove-egress.ts';
import { redirectChains } from './redirect-chains.ts';
import { spellings } from './spellings.ts';

test('there is enough to try', () => {
  expect(spellings().length).toBeGreaterThanOrEqual(150);
  expect(redirectChains({ port: 80 }).filter(({ control }) => !control).length).toBeGreaterThanOrEqual(20);
});

test('the egress reaches nothing that is forbidden, and what is allowed', async () => {
  const figures = await proveEgress(50);
  expect(figures).toMatchObject({ connections_to_forbidden: 0, unexpected: [] });
  expect(figures.control_reached).toBeGreaterThan(0);
  // Where no network namespace can be had, it is said what was not run.
  if (figures.interface === null) expect(figures.not_run.length).toBeGreaterThan(0);
  else expect(figures).toMatchObject({ rebinds: 50, kernel_forbidden_sockets: 0, kernel_connections_begun: figures.connections_to_control });
  expect(holds(figures)).toBe(true);
}, 120_000);

test('without a namespace the part for loopback addresses still runs', async () => {
  const figures = await judge({ namespaced: false, rebinds: 50 });
  expect(figures).toMatchObject({ connections_to_forbidden: 0, unexpected: [], rebinds: 0, kernel_connections_begun: null });
  expect(figures.not_run).toHaveLength(3);
  expect(holds(figures)).toBe(true);
}, 120_000);

test('one connection too many, or none at all, is no proof', async () => {
  const good = await judge({ namespaced: false, rebinds: 0 });
  for (const bad of [{ connections_to_forbidden: 1 }, { control_reached: 0 }, { trap_noticed: 0 }, { unexpected: ['x'] }, { spellings: 149 }, { kernel_connections_begun: good.connections_to_control + 1 }, { kernel_forbidden_sockets: 1 }]) {
    expect([bad, holds({ ...good, ...bad })]).toEqual([bad, false]);
  }
}, 120_000);
