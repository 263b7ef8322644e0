import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AccessState } from './access.ts';
import type { AgentsState } from './agents.ts';
import type { AuditPeersState } from './audit-peers.ts';
import type { KeysState } from './keys.ts';
import type { MachinesState } from './machines.ts';
import type { PeopleState } from './people.ts';
import type { PrivacyState } from './privacy.ts';
import type { TenancyState } from './tenancy.ts';

type Schemas = components['schemas'];

interface Contents {
  readonly access: AccessState;
  readonly agents: AgentsState;
  readonly auditPeers: AuditPeersState;
  readonly keys: KeysState;
  readonly machines: MachinesState;
  readonly people: PeopleState;
  readonly privacy: PrivacyState;
  readonly tenancy: TenancyState;
  readonly packages: Schemas['EvidencePackage'][];
  credentials: Schemas['Credential'][];
  identityProviders: Schemas['IdentityProvider'][];
}

/** Leaves a tenant as it is on its first day, before anybody has done anything. */
export function emptyOut(world: Contents): void {
  const { access, agents, auditPeers, keys, machines, people, privacy, tenancy } = world;
  Object.assign(access, { assignments: [], changes: [], emergencies: [] });
  Object.assign(agents, { pools: [], agents: [], tokens: [], rollouts: [] });
  Object.assign(auditPeers, { sinks: [], witnesses: [] });
  Object.assign(machines, { keys: [], accounts: [], clients: [], federations: [] });
  Object.assign(people, { sessions: [], passkeys: [], people: [], invitations: [], groups: [] });
  Object.assign(privacy, { holds: [], erasures: [] });
  keys.sealing = [];
  tenancy.workspaces = [];
  world.packages.splice(0);
  world.credentials = [];
  world.identityProviders = [];
}
