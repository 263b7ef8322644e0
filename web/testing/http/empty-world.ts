import type { World } from './world.ts';

/** A tenant on its first day, before anybody has done anything: what pages say then. */
export function emptyOut(world: World): void {
  const { access, auditPeers, keys, machines, people, privacy, tenancy } = world;
  Object.assign(access, { assignments: [], changes: [], emergencies: [] });
  Object.assign(auditPeers, { sinks: [], witnesses: [] });
  keys.sealing = [];
  Object.assign(machines, { keys: [], accounts: [], clients: [], federations: [] });
  Object.assign(people, { sessions: [], passkeys: [], people: [], invitations: [], groups: [] });
  Object.assign(privacy, { holds: [], erasures: [] });
  tenancy.workspaces = [];
  world.packages.splice(0);
  Object.assign(world, { credentials: [], identityProviders: [] });
}
