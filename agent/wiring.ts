import type { Logger } from '@countersign/platform/log/logger.ts';
import { unsealingKey } from '@countersign/platform/sealing/jwe.ts';
import { beginAtKeptFloor } from './clock/kept-floor.ts';
import { TrustedClock } from './clock/trusted-clock.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { spoolOptionsOf } from './config/spool-options.ts';
import { localVault } from './credentials/local-vault.ts';
import type { Environment } from './credentials/secret-ref.ts';
import { HeldIdentity } from './enrolment/held-identity.ts';
import { clientIdentityOf, loadEnrolment } from './enrolment/identity.ts';
import type { Identity } from './enrolment/identity.ts';
import { HeldKeys } from './orders/held-keys.ts';
import { createOrderRunner } from './orders/order-runner.ts';
import type { AgentSelf } from './orders/verify-order.ts';
import { createAgentPolicy } from './policy/agent-policy.ts';
import type { AgentPolicy, OrderRunner } from './ports.ts';
import { CellConnection } from './session/cell-connection.ts';
import { CellLink } from './session/cell-link.ts';
import type { SessionError } from './session/errors.ts';
import { fetchBundleOver } from './session/fetch-bundle.ts';
import { keptKillSwitches } from './session/kept-kill-switches.ts';
import { sessionProxy } from './session/session-proxy.ts';
import { Session } from './session/session.ts';
import { openSpool } from './spool/open-spool.ts';
import type { Spool } from './spool/spool.ts';
import { Upgrades } from './upgrade/upgrades.ts';
import { VersionsFolder } from './upgrade/versions-folder.ts';
import { AGENT_VERSION, PLATFORM, publisher, runningSha256 } from './version.ts';

/** The parts of an agent that runs, put together and not yet started. */
export interface AgentParts {
  readonly held: HeldIdentity;
  readonly clock: TrustedClock;
  readonly spool: Spool;
  readonly policy: AgentPolicy;
  readonly runner: OrderRunner;
  readonly session: Session;
  readonly upgrades: Upgrades;
}

export interface WiringOptions {
  readonly config: AgentConfig;
  readonly env: Environment;
  readonly log: Logger;
  /** This machine's clock. */
  readonly machine: () => Date;
  readonly onEnd: (reason: SessionError) => void;
  /** Another version is to run in place of this one. */
  readonly onSwitch: () => void;
}

/**
 * Puts an agent together from what its folder holds. The one place that says `new`.
 * @throws EnrolmentError, SpoolError, KeysError
 */
export async function wireAgent({ config, env, log, machine, onEnd, onSwitch }: WiringOptions): Promise<AgentParts> {
  const { identity, keys } = await loadEnrolment(config.state_dir);
  const held = new HeldIdentity(config.state_dir, identity);
  const orderKeys = new HeldKeys(identity.key_set);
  const clock = new TrustedClock(machine, new Date(identity.key_set.issued_at));
  const spool = await openSpool(spoolOptionsOf(config, clock), `${identity.agent_id}/${machine().getTime()}`);
  await beginAtKeptFloor(clock, spool);
  const killSwitches = await keptKillSwitches(spool);
  const link = new CellLink(async () => {
    const address = { url: new URL(identity.cell_url), ca_pem: identity.ca_pem, proxy: await sessionProxy(config.control_plane, env) };
    const connection = await CellConnection.open(address, clientIdentityOf(held.now, keys));
    log.info({ cell: identity.cell_url, proxy: config.control_plane.proxy?.url ?? null }, 'Connected to the cell');
    return connection;
  });
  // Orders and policy have something to tell before there is a session to tell it.
  let session: Session | undefined;
  const changed = (): void => session?.changed();
  const policy = createAgentPolicy({
    tenantId: identity.tenant.id, scope: identity.policy_scope, keys: orderKeys, spool, clock, fetchBundle: fetchBundleOver(link),
    ttl_ms: config.policy.ttl_s * 1_000, log, changed,
  });
  const runner = createOrderRunner({
    self: selfOf(identity), keys: orderKeys, encryptionKey: await unsealingKey(keys.encryption.export({ format: 'jwk' }) as Record<string, string>),
    clock, spool, policy, capacity: config.capacity, connections: config.connections, vault: localVault(config.connections, env, () => performance.now()),
    killSwitches: () => session?.killSwitches ?? killSwitches, changed, log,
  });
  const upgrades = await Upgrades.start({
    folder: new VersionsFolder(config.state_dir), running: await runningSha256(),
    trust: { keys: orderKeys, publisher: publisher(), version: AGENT_VERSION, platform: PLATFORM },
    ask: async (question) => (await link.connected()).ask(question), onSwitch, log,
  });
  session = new Session({
    link, held, keys, orderKeys, clock, machine, spool, policy, runner, upgrades, killSwitches, log, onEnd,
    about: {
      version: AGENT_VERSION, capacity: config.capacity, labels: config.labels,
      connections: config.connections.map(({ name, connector }) => ({ name, connector, package_digest: null })),
    },
  });
  return { held, clock, spool, policy, runner, session, upgrades };
}

function selfOf({ agent_id, tenant, workspace, environment, pool }: Identity): AgentSelf {
  return { agent_id, tenant_id: tenant.id, workspace_id: workspace.id, environment_id: environment.id, pool };
}
