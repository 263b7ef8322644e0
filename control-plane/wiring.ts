import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CHANGES_CHANNEL, changeOf, SESSION_ENDED_CHANNEL } from '@countersign/contracts/events/change.ts';
import { OPERATION_PERMISSION } from '@countersign/contracts/openapi/permissions.ts';
import type { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { clientAddress } from '@countersign/platform/http/client-address.ts';
import { loadContract } from '@countersign/platform/http/contract.ts';
import { startHttpServer } from '@countersign/platform/http/http-server.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { openObjects } from '@countersign/platform/objects/open-objects.ts';
import { compilePolicy } from '@countersign/platform/opa/compile/compile-policy.ts';
import { openSecrets } from '@countersign/platform/secrets/open-secrets.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { handlersOf } from './api/handlers.ts';
import { Access } from './access/access.ts';
import { Denials } from './access/denials.ts';
import { PolicyAuthorizer } from './access/policy-authorizer.ts';
import { Settings } from './access/settings.ts';
import type { AuthorizationSettings } from './access/settings.ts';
import { Agents } from './agents/agents.ts';
import { AgentsApi } from './agents/pools/agents-api.ts';
import { ReleasesFolder } from './agents/rollouts/releases-folder.ts';
import { RolloutsApi } from './agents/rollouts/rollouts-api.ts';
import { Approvals } from './approvals/approvals.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import { BreakGlass } from './break-glass/break-glass.ts';
import { Budgets } from './budgets/budgets.ts';
import { Prices } from './budgets/prices.ts';
import { BulkCommands } from './bulk-commands/bulk-commands.ts';
import { CellApi } from './cell/cell-api.ts';
import { AUDITED_REFUSALS, RateLimit, SIGN_IN_ATTEMPTS } from './cell/rate-limit.ts';
import { ServedTenants } from './cell/tenant-states.ts';
import { expiryLoop, forgettingLoop, recoveryLoop, renewalLoop, shreddingLoop } from './cell/sweepers.ts';
import { forEveryTenant } from './cell/tenants.ts';
import { Changes } from './changes/changes.ts';
import type { ControlPlaneConfig } from './config.ts';
import { Connectors } from './connectors/connectors.ts';
import { Credentials } from './connectors/credentials.ts';
import { InstancePackages } from './connectors/instance-packages.ts';
import { Instances } from './connectors/instances.ts';
import { Publishers } from './connectors/publishers.ts';
import { SchemaChecks } from './connectors/schema-checks.ts';
import { DeadLetters } from './dead-letters/dead-letters.ts';
import { BundleArchive } from './decisions/bundle-archive.ts';
import { Decisions } from './decisions/decisions.ts';
import { DecisionExport } from './decisions/export.ts';
import { EvidencePackages } from './evidence/evidence-packages.ts';
import { createApp } from './http/app.ts';
import { Cookies } from './http/cookies.ts';
import { Authenticator } from './identity/authenticator.ts';
import { Ingestion } from './ingestion/ingestion.ts';
import { Keyring } from './keyring/keyring.ts';
import { KillSwitches } from './kill-switches/kill-switches.ts';
import { Hub } from './live/hub.ts';
import { Notifier } from './live/notifier.ts';
import { Machines } from './machines/machines.ts';
import packageJson from './package.json' with { type: 'json' };
import { Board } from './operations/board.ts';
import { Queues } from './operations/queues.ts';
import { People } from './people/people.ts';
import { Policies } from './policies/policies.ts';
import { Privacy } from './privacy/privacy.ts';
import { ReplayRunner } from './replays/replay-runner.ts';
import { PolicyReplays } from './replays/replays.ts';
import { Roles } from './roles/roles.ts';
import { CostReport } from './runs/cost-report.ts';
import { Evidence } from './runs/evidence.ts';
import { RunCommands } from './runs/run-commands.ts';
import { Runs } from './runs/runs.ts';
import { RunSearch } from './runs/search.ts';
import { RunTimelines } from './runs/timeline.ts';
import { SavedViews } from './saved-views/saved-views.ts';
import { PolicyReferences } from './simulation/policy-references.ts';
import { Simulations } from './simulation/simulations.ts';
import { Schedules } from './schedules/schedules.ts';
import { Simulator } from './simulation/simulator.ts';
import { Slack } from './slack/slack.ts';
import { Tenancy } from './tenancy/tenancy.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { Workflows } from './workflows/workflows.ts';

export interface ControlPlane {
  readonly url: string;
  /** Where agents dial; null where they cannot. */
  readonly agentUrl: string | null;
  /** Null where none are served. */
  readonly metricsUrl: string | null;
  stop(): Promise<void>;
}

const CONTRACTS = new URL('../contracts/', import.meta.url);
const CACHE = new URL('../.cache/', import.meta.url);
/** Requests in flight get this long when the process is asked to stop. */
const DRAIN_MS = 3_000;
const RESYNC_MS = 2_000;

/** Puts the control plane together and starts it. The one place that says `new`. */
export async function startControlPlane(config: ControlPlaneConfig, clock: Clock = systemClock): Promise<ControlPlane> {
  const log = createLogger('control-plane', config.logLevel);
  const database = new Database({ url: config.databaseUrl, applicationName: 'countersign control-plane', maxConnections: config.databaseConnections, onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke') });
  await database.assertLeastPrivilege();
  const ring = await openKeys(config.keys, { databaseUrl: config.databaseUrl, onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke') });
  const { keys } = ring;
  const secrets = await openSecrets(config.secrets, keys);
  const objects = await openObjects(config);

  const cache = config.redisUrl === null ? null : await openRedis(config.redisUrl, log);
  const notifier = new Notifier(database, log, cache);
  const refusals = new RateLimit(clock, AUDITED_REFUSALS);
  const checks = new SchemaChecks();
  const telemetry = await createTelemetry(config.telemetry, { database, log, version: packageJson.version });
  const parts = { database, keys, secrets, objects, clock, log, notifier, refusals, checks, telemetry };

  const tenancy = new Tenancy({ ...parts, config, cache });
  const tenantStates = new ServedTenants({ ...parts, region: config.region, cell: config.cell, cellUrls: config.cellUrls });
  const authenticator = new Authenticator(database);
  const cookies = new Cookies(config.publicUrl);
  const settings = new Settings(parts);
  const settingsOf = (tenantId: string): Promise<AuthorizationSettings> => settings.of(tenantId);
  const people = new People({ ...parts, config, cookies, tenantStates, principalOf: (token) => authenticator.bySession(token), settingsOf });
  const machines = new Machines({ ...parts, standInsAllowed: config.standIns, publicUrl: config.publicUrl, tenantStates });
  const authorizer = await PolicyAuthorizer.open({ policiesFolder: config.policiesFolder, settingsOf, clock });
  const changes = new Changes({ ...parts, authenticator, authorizer });
  const access = new Access({
    authenticator, authorizer, denials: new Denials(parts), limits: tenancy.limits, tenantStates, publicUrl: config.publicUrl, cookies, cellKeys: config.cellKeys,
    addressOf: clientAddress(config.trustedProxies),
  });
  const hub = new Hub((principal) => authenticator.workspacesWith(OPERATION_PERMISSION.streamEvents, principal));
  const approvals = new Approvals({ ...parts, tenantStates });
  const slack = new Slack({ ...parts, approvals, publicUrl: config.publicUrl, standInsAllowed: config.slackStandIns });
  const trail = new AuditTrail(parts, config);
  const policies = await Policies.open({
    ...parts, compile: compilePolicy, opa: config.opa, cacheFolder: fileURLToPath(CACHE), policiesFolder: config.policiesFolder, policySet: config.policySet,
    inputSchema: fileURLToPath(new URL('policy/input.schema.json', CONTRACTS)), ttl_s: config.policyTtl_s, renewal_s: config.policyRenewal_s,
  });
  const keyring = new Keyring({ ...parts, ring, publisher: policies.publisher });
  const loops = [...keyring.loops, expiryLoop(parts), recoveryLoop(parts), forgettingLoop(parts, async (tenantId) => (await Promise.all([slack.forget(tenantId), people.forget(tenantId)])).some(Boolean)), renewalLoop(policies, keyring, parts), shreddingLoop(parts, config.retention_days), ...tenancy.loops];
  if (config.policyRenewal_s >= config.policyTtl_s) log.warn('COUNTERSIGN_POLICY_RENEWAL_SECONDS is not less than COUNTERSIGN_POLICY_TTL_SECONDS: calls are denied in between');
  const listener = new Listener(config.databaseUrl, { [CHANGES_CHANNEL]: (payload) => {
    const change = changeOf(payload);
    if (change !== null) {
      hub.publish(change);
      slack.wake(change.tenant_id);
      policies.waiters.wake(change.tenant_id);
      if (change.kind === 'policy' || change.kind === 'kill_switch') agents.wakeTenant(change.tenant_id);
    }
    trail.wake(change?.tenant_id ?? null);
  }, [SESSION_ENDED_CHANNEL]: (id) => hub.endSession(id) }, (error) => {
    log.warn({ err: error }, 'the listener lost its connection and takes up again');
    // It tries every half second and says so each time it fails: after the last failure it listens again, and what was missed is read anew.
    setTimeout(() => { hub.resyncAll(); policies.waiters.wakeAll(); }, RESYNC_MS).unref();
  });

  const packages = new EvidencePackages({ ...parts, trail });
  loops.push(...packages.loops);
  const breakGlass = new BreakGlass({ ...parts, packages, settingsOf });
  loops.push(...breakGlass.loops);
  const privacy = new Privacy({ ...parts, packages, retention_days: config.retention_days });
  loops.push(...privacy.loops);

  const references = new PolicyReferences({ ...parts, ...policies });
  const runner = new ReplayRunner({ database, log, thread: { databaseUrl: config.databaseUrl, keys: config.keys, objectsFolder: config.objectsFolder, objectsS3: config.objectsS3, logLevel: config.logLevel } });

  const releases = new ReleasesFolder(config.agents?.releases_dir ?? null);
  const agents = new Agents({ ...parts, releases, tenantStates, databaseUrl: config.databaseUrl, cell: config.cell, version: packageJson.version, attempts_per_minute: config.requestRates.address_per_minute, alarmed: (kind) => telemetry.agents.alarmed(kind) }, config.agents);
  const instances = new Instances({ ...parts, publicUrl: config.publicUrl });
  loops.push(...machines.loops, ...changes.loops);
  let stopping = false;
  const app = createApp({
    contract: await loadContract(fileURLToPath(new URL('openapi/openapi.yaml', CONTRACTS))),
    handlers: changes.carryOut.by(handlersOf({
      agentsApi: new AgentsApi({ ...parts, tokens: agents.tokens }),
      rolloutsApi: new RolloutsApi({ ...parts, releases }),
      people,
      machines,
      breakGlass,
      changes,
      roles: new Roles({ ...parts, settings }),
      runs: new Runs({ ...parts, approvals }),
      runSearch: new RunSearch(database),
      runTimelines: new RunTimelines(database),
      savedViews: new SavedViews(database),
      queues: new Queues(parts),
      board: new Board(parts),
      runCommands: new RunCommands({ ...parts, intake: tenancy.intake }),
      bulkCommands: new BulkCommands(parts),
      deadLetters: new DeadLetters(database),
      evidence: new Evidence(parts),
      costReport: new CostReport(database, clock),
      budgets: new Budgets(parts),
      prices: new Prices(parts),
      approvals,
      slack,
      workflows: new Workflows({ ...parts, schema: await readJson('workflow/workflow.schema.json') }),
      connectors: new Connectors({ ...parts, schema: await readJson('connectors/manifest.schema.json') }),
      publishers: new Publishers(parts),
      instancePackages: new InstancePackages({ ...parts, instances }),
      credentials: new Credentials(parts),
      instances,
      policies,
      schedules: new Schedules(parts),
      decisions: new Decisions({ database, clock, archive: new BundleArchive(database, objects) }),
      decisionExport: new DecisionExport(parts),
      simulations: new Simulations({ ...parts, references, simulator: new Simulator() }),
      replays: new PolicyReplays({ ...parts, references, runner }),
      keyring,
      killSwitches: new KillSwitches(parts),
      trail,
      packages,
      cell: new CellApi(database, { version: packageJson.version, region: config.region, cell: config.cell, sandboxUrl: config.sandboxUrl }),
      privacy,
      hub, tenancy,
    })),
    ingestion: new Ingestion({ ...parts, tenantStates, intake: tenancy.intake }),
    slackRequests: slack.requests,
    scim: people.scim,
    access, secondPerson: changes.secondPerson,
    signInAttempts: new RateLimit(clock, SIGN_IN_ATTEMPTS), addressOf: clientAddress(config.trustedProxies),
    isReady: () => (stopping ? Promise.resolve(false) : database.forNoTenant(() => Promise.resolve(true)).catch(() => false)),
    publicUrl: config.publicUrl, sandboxUrl: config.sandboxUrl, consoleFolder: config.consoleFolder, requests: telemetry.requests, log,
  });

  // Whoever asks for policy as soon as we listen finds a bundle that is fresh.
  await forEveryTenant(database, log, (tenantId) => policies.publisher.publishWhenDue(tenantId));
  const server = await startHttpServer(app, config).catch(async (error: unknown) => {
    await database.close();
    await ring.close();
    throw error;
  });
  await agents.start().catch(async (error: unknown) => {
    await server.stop(0);
    await database.close();
    await ring.close();
    throw error;
  });
  await listener.start();
  hub.start();
  trail.start();
  slack.start();
  runner.start();
  for (const loop of loops) loop.start();
  await telemetry.start();

  return {
    url: server.url, agentUrl: agents.url, metricsUrl: telemetry.metricsUrl,
    stop: async () => {
      stopping = true;
      hub.stop();
      policies.stop();
      packages.stop();
      await Promise.all([server.stop(DRAIN_MS), agents.stop()]);
      await Promise.all([listener.stop(), trail.stop(), slack.stop(), runner.stop(), telemetry.stop(), ...loops.map((loop) => loop.stop())]);
      await machines.stop();
      await authorizer.close();
      cache?.close();
      await database.close();
      await ring.close();
    },
  };
}

/** Loaded where it is used: its client is 45 MB of memory. */
async function openRedis(url: string, log: Logger): Promise<RedisCache> {
  const { RedisCache } = await import('@countersign/platform/cache/redis-cache.ts');
  const cache = new RedisCache({ url, onError: (error) => log.warn({ err: error }, 'Redis does not do its part; the same is done by the database meanwhile') });
  await cache.connect();
  return cache;
}

async function readJson(path: string): Promise<object> {
  return JSON.parse(await readFile(new URL(path, CONTRACTS), 'utf8')) as object;
}
