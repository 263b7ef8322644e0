import { afterAll, beforeAll, expect, test } from 'vitest';
import { interleave } from './interleaved.ts';
import { makeWorld } from './repository-world.ts';
import type { World } from './repository-world.ts';
import { walk } from './walk.ts';

/** The walk of `npm run isolation`, by one caller: every operation, with another tenant's ids. */

const CONNECTIONS = 2;
const TIMEOUT_MS = 120_000;

let world: World;
beforeAll(async () => { world = await makeWorld({ tenants: 2, roles: ['admin'], byEverything: [], connections: CONNECTIONS }); }, TIMEOUT_MS);
afterAll(() => world.stop());

test('requests of two tenants mixed over two connections get what is their own', async () => {
  expect(await interleave(world, 140, CONNECTIONS)).toMatchObject({ leaks: 0, wrong: 0 });
});

test('no route gives or changes anything of another tenant\'s, or answers otherwise than about things that do not exist', async () => {
  const { requests, routes, ...found } = await walk(world, { walkers: world.tenants.slice(0, 1) });
  expect(found).toMatchObject({ reads: 0, writes: 0, differences: 0, uncovered: [], unseen: [], failed: [], findings: [] });
  expect(routes).toBeGreaterThan(100);
  expect(requests).toBeGreaterThan(routes);
}, TIMEOUT_MS);

test('were it otherwise, it would be seen: somebody of the other tenant who walks as if of this one reads, changes and tells apart', async () => {
  const [own, other] = world.tenants;
  const figures = await walk(world, { walkers: [{ ...own!, callers: other!.callers }], only: ['listWorkspaces', 'getRun', 'updateWorkspace'] });
  expect(figures).toMatchObject({ routes: 3, uncovered: [] });
  for (const found of [figures.reads, figures.writes, figures.differences]) expect(found).toBeGreaterThan(0);
}, TIMEOUT_MS);
