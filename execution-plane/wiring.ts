import { readFileSync } from 'node:fs';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import { createGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import { InstanceGuard } from '@countersign/connectors/gateway/health/instance-guard.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import { CHANGES_CHANNEL, changeOf } from '@countersign/contracts/events/change.ts';
import type { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { openObjects } from '@countersign/platform/objects/open-objects.ts';
import { openSecrets } from '@countersign/platform/secrets/open-secrets.ts';
import { NO_SECRETS } from '@countersign/platform/secrets/settings.ts';
import { UNOBSERVED } from '@countersign/platform/telemetry/settings.ts';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { PostgresChanges } from './changes/changes.ts';
import { Notifier } from './changes/notifier.ts';
import { Children } from './children/children.ts';
import { PostgresFlows } from './children/flows.ts';
import { Commands } from './commands/commands.ts';
import { Committer } from './commit/committer.ts';
import { JournalledStore } from './commit/journalled-store.ts';
import { Journals } from './commit/journals.ts';
import { Agents } from './agents/agents.ts';
import type { WorkerConfig } from './config.ts';
import { Contents } from './contents/contents.ts';
import { RetentionSettings } from './contents/retention-settings.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { CLAIM_SETTINGS } from './dispatch/repository-queues.ts';
import { RunLooks } from './dispatch/run-looks.ts';
import { Leases } from './dispatch/leases.ts';
import { Sweeper } from './dispatch/sweeper.ts';
import { Erasure } from './erasure/erasure.ts';
import { EvidenceBuilder } from './evidence/builder.ts';
import { Intake } from './intake/intake.ts';
import { resealLoop } from './keys/reseal-loop.ts';
import { Schedules } from './schedules/schedules.ts';
import { Admissions } from './limits/admissions.ts';
import { Tenants } from './loops/tenants.ts';
import { DecisionPoints } from './policy/decision-points.ts';
import { postgresFacts } from './policy/facts.ts';
import { PostgresSituation } from './policy/situation.ts';
import { Outcomes } from './outcomes/outcomes.ts';
import { loadConnectors } from './packages/load-connectors.ts';
import { ReconcilerLoop } from './reconciler/reconciler-loop.ts';
import { Retraining } from './retraining/retraining.ts';
import { StepRunner } from './steps/step-runner.ts';
import { CircuitChanges } from './store/circuit-changes.ts';
import { postgresCredentialVault } from './store/credential-vault.ts';
import { postgresDeclaredConnectors } from './store/declared-connectors.ts';
import { postgresInstances } from './store/instances.ts';
import { postgresModelStores } from './store/model-stores.ts';
import { PostgresInstanceHealth } from './store/postgres-instance-health.ts';
import { RedisInstanceHealth } from './store/redis-instance-health.ts';
import { PostgresRefreshedTokens } from './store/refreshed-tokens.ts';
import { postgresPrices } from './store/prices.ts';
import { PostgresGatewayStore } from './store/postgres-gateway-store.ts';
import { observedEgress } from './telemetry/observed-egress.ts';
import { observedPolicy } from './telemetry/observed-policy.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { observeWorker } from './telemetry/worker-gauges.ts';
import { Timers } from './timers/timers.ts';
import { PostgresWake } from './wake/postgres-wake.ts';
import { NOTES_WORK } from './wake/repository-outbox.ts';
import { Worker } from './worker/worker.ts';

/** Each connection is a process of PostgreSQL that plans anew what it is asked first: more than this gain nothing. */
const MOST_CONNECTIONS = 24;
/** Transactions of the group commit under way at once. They wait for nobody else's connections. */
const COMMITTERS = 2;
/** For claims, and for what every run reads. */
const READERS = 4;
/** Plans go by keys alone, also where they were made while the tables were empty. */
const BY_KEY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', plan_cache_mode: 'force_generic_plan' };

export interface RunningWorker {
  /** Null where none are served. */
  readonly metricsUrl: string | null;
  stop(): Promise<void>;
}

/** Builds a worker from its settings and starts it. `shipped` is given by tests that bring one of their own. */
export async function startWorker(config: WorkerConfig, shipped: readonly Connector[] = CONNECTORS): Promise<RunningWorker> {
  const log = createLogger('worker', config.logLevel).child({ worker: config.workerId });
  const onError = (error: unknown): void => log.warn({ err: error }, 'a connection to the database broke');
  // What takes a millisecond is not compiled first.
  const settings = { jit: 'off', ...(config.queue === null ? {} : NOTES_WORK) };
  const database = new Database({ url: config.databaseUrl, applicationName: `countersign worker ${config.workerId}`, maxConnections: Math.min(config.concurrency + 8, MOST_CONNECTIONS), onConnectionError: onError, settings });
  await database.assertLeastPrivilege();
  const ring = await openKeys(config.keys, { databaseUrl: config.databaseUrl, onConnectionError: onError });
  const { keys } = ring;
  const objects = await openObjects(config);
  const clock = systemClock;
  const tenants = new Tenants(database);
  const connectors = await loadConnectors(shipped, config.connectorsFolder, { database, tenants, log });
  const leases = new Leases(database, config.leaseMs);
  const retention = new RetentionSettings(database, tenants);
  const contents = new Contents(keys, config.retentionDays, (tenantId) => retention.daysOf(tenantId));
  const wakers = { worker: undefined as Worker | undefined };
  const notifier = new Notifier(database, onError);
  const wake = config.queue === null
    ? new PostgresWake({ databaseUrl: config.databaseUrl, notifier, worker: config.workerId, onError, pollMs: config.pollMs })
    // Loaded where it is used: the client of SQS alone is 45 MB of memory.
    : new (await import('./wake/sqs-wake.ts')).SqsWake({ database, tenants, clock, log, address: config.queue, leaseMs: config.leaseMs, pollMs: config.pollMs });
  const changes = new PostgresChanges(notifier, wake, () => wakers.worker?.wakeDispatch());
  const telemetry = await createTelemetry(config.telemetry ?? UNOBSERVED, { database, tenants, clock, log, worker: config.workerId, version: readVersion() });
  const common = { database, tenants, changes, contents, clock, log, telemetry, worker: config.workerId, leaseMs: config.leaseMs };

  const byKey = new Database({ url: config.databaseUrl, applicationName: `countersign worker ${config.workerId}`, maxConnections: READERS, onConnectionError: onError, settings: { ...CLAIM_SETTINGS, ...settings } });
  const commits = new Database({ url: config.databaseUrl, applicationName: `countersign committer ${config.workerId}`, maxConnections: COMMITTERS + 1, onConnectionError: onError, settings: { ...BY_KEY, ...settings } });
  const committer = new Committer({ database: commits, log, connections: COMMITTERS, giveUpMs: config.leaseMs });
  const journals = new Journals();
  const prices = postgresPrices(database);
  const situation = new PostgresSituation(database);
  const cache = typeof config.redisUrl === 'string' ? await openRedis(config.redisUrl, situation, log) : null;
  const health = new PostgresInstanceHealth(database);
  const circuitChanges = new CircuitChanges(common);
  const evaluators = createEvaluatorPool({ threads: config.policyThreads });
  const decisionPoints = new DecisionPoints({ ...common, objects, evaluators, refreshMs: config.policyRefreshMs, ttlMs: config.policyTtlMs });
  const facts = postgresFacts(database);
  const agents = new Agents({ ...common, keys, notifier, situation, facts, policy: decisionPoints, journals, connectors, watchMs: config.reconcileMs, onFound: () => wakers.worker?.wakeIntake() });
  const gateway: RunningGateway = createGateway({
    connectors, clock, log, pdp: observedPolicy(decisionPoints, telemetry), egress: observedEgress((options) => createEgress({ ...options, internalHosts: config.internalHosts ?? undefined }), telemetry.metrics, telemetry.tracing),
    store: new JournalledStore({ ...common, journals, store: new PostgresGatewayStore({ ...common, keys }) }),
    situation,
    facts,
    instances: postgresInstances(database),
    declared: postgresDeclaredConnectors(database, log),
    vault: postgresCredentialVault(database, await openSecrets(config.secrets ?? NO_SECRETS, keys)),
    refreshed: new PostgresRefreshedTokens(database, keys),
    models: postgresModelStores({ ...common, objects }),
    prices,
    remote: agents.remote,
    guard: new InstanceGuard({
      store: cache === null ? health : new RedisInstanceHealth(cache, health), now: () => clock.now().getTime(),
      onCircuitChange: (key, change) => void circuitChanges.record(key, change),
    }),
  });
  const runner = new StepRunner({ ...common, looks: new RunLooks(byKey), gateway, committer, journals, flows: new PostgresFlows({ ...common, gateway }, () => wakers.worker?.wakeChildren()), leases, random: Math.random });
  // What ends a run that nobody works on.
  const aside = { ...common, changes: telemetry.endedRuns.listeningTo(changes) };
  const worker = new Worker({
    ...common, id: config.workerId, version: readVersion(), connectors, databaseUrl: config.databaseUrl, wake, leases, runner, decisionPoints, situation, agents,
    reconcileMs: config.reconcileMs, drainMs: config.drainMs,
    intake: new Intake({ ...common, database: byKey }),
    admissions: new Admissions({ ...common, database: byKey }),
    schedules: new Schedules({ ...common, onDue: () => wakers.worker?.wakeIntake() }),
    dispatcher: new Dispatcher({ ...common, database: byKey, runner, concurrency: config.concurrency, onFree: () => wakers.worker?.wakeDispatch() }),
    sweeper: new Sweeper(aside),
    erasure: new Erasure({ ...common, keys }),
    outcomes: new Outcomes({ ...aside, keys, prices }),
    timers: new Timers(aside),
    children: new Children(aside),
    commands: new Commands(aside),
    reconciler: new ReconcilerLoop({ ...common, gateway, connectors, leases, everyMs: config.reconcileMs, onFound: () => wakers.worker?.wakeIntake() }),
    retraining: new Retraining({ ...common, onAsked: () => wakers.worker?.wakeIntake() }),
    evidence: new EvidenceBuilder({ database, objects, keys, clock, log, shredsAtEnd: (tenantId) => contents.isKeptForRunsOnly(tenantId), onBuilt: (run) => changes.changed({ tenant_id: run.tenant_id, workspace_id: run.workspace_id, kind: 'run', id: run.id, state: 'evidence' }) }),
  });
  wakers.worker = worker;
  const resealing = resealLoop({ database, keys, tenants, log });
  observeWorker(telemetry.metrics, {
    databases: [{ pool: 'work', database }, { pool: 'key', database: byKey }, { pool: 'commit', database: commits }], leases: () => leases.stats(), commits: () => committer.stats(),
    policy: () => decisionPoints.statuses(), concurrency: config.concurrency,
  });
  await worker.start();
  resealing.start();
  return {
    metricsUrl: telemetry.metricsUrl,
    async stop() {
      await resealing.stop();
      await worker.stop();
      await Promise.all([byKey.close(), commits.close(), ring.close()]);
      await gateway.close();
      await evaluators.close();
      cache?.close();
    },
  };
}

/** Also where kill switches are heard of behind a pooler that lets no notification of PostgreSQL through. */
async function openRedis(url: string, situation: PostgresSituation, log: Logger): Promise<RedisCache> {
  const { RedisCache } = await import('@countersign/platform/cache/redis-cache.ts');
  const cache = new RedisCache({ url, onError: (error) => log.warn({ err: error }, 'Redis does not do its part; the same is done by the database meanwhile') });
  await cache.connect();
  await cache.subscribe(CHANGES_CHANNEL, (payload) => {
    const change = changeOf(payload);
    if (change?.kind === 'kill_switch') situation.forget(change.tenant_id);
  }, () => situation.forgetAll());
  return cache;
}

function readVersion(): string {
  return (JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
