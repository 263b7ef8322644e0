import type { Caller } from './repository-callers.ts';
import type { WalkedTenant, World } from './repository-world.ts';

export interface InterleavedFigures {
  readonly requests: number;
  readonly connections: number;
  /** Answers that hold something of a tenant who did not ask. */
  leaks: number;
  /** Answers that are not the 200 that was to come, or do not hold what is the asker's own. */
  wrong: number;
}

/** What each answer of a tenant must hold, so that an empty one is not taken for a safe one. */
const ASKED: ReadonlyArray<{ readonly path: string; readonly holds: (tenant: WalkedTenant) => string }> = [
  { path: '/api/v1/me', holds: ({ tenantId }) => tenantId },
  { path: '/api/v1/workspaces', holds: ({ workspaceId }) => workspaceId },
  { path: '/api/v1/runs', holds: ({ ids }) => ids.get('execution.runs') ?? '' },
  { path: '/api/v1/saved-views', holds: () => 'items' },
  { path: '/api/v1/limits', holds: ({ workspaceId }) => workspaceId },
  { path: '/api/v1/approvals', holds: () => 'items' },
  { path: '/api/v1/instances', holds: () => 'items' },
];
const AT_ONCE = 60;

/** Requests of all tenants mixed over the few connections that the control plane has: each answer is the asker's and nobody else's. */
export async function interleave(world: World, requests: number, connections: number): Promise<InterleavedFigures> {
  const figures: InterleavedFigures = { requests, connections, leaks: 0, wrong: 0 };
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let index = next++; index < requests; index = next++) await one(world, index, figures);
  }));
  return figures;
}

async function one(world: World, index: number, figures: InterleavedFigures): Promise<void> {
  const tenant = world.tenants[index % world.tenants.length];
  const asked = ASKED[Math.floor(index / world.tenants.length) % ASKED.length];
  const caller = tenant?.callers.find(({ role, by }) => role === 'admin' && by === 'key');
  if (tenant === undefined || asked === undefined || caller === undefined) throw new TypeError('Every tenant of the world needs an admin with a key.');
  const { status, body } = await ask(world, caller, asked.path);
  if (status !== 200 || !body.includes(asked.holds(tenant))) figures.wrong += 1;
  const others = world.tenants.filter((other) => other !== tenant);
  if (others.some((other) => [other.tenantId, other.marker, ...other.ids.values()].some((text) => text !== '' && body.includes(text)))) figures.leaks += 1;
}

async function ask(world: World, caller: Caller, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(new URL(path, world.url), { headers: caller.headers });
  return { status: response.status, body: await response.text() };
}
