import { hostname } from 'node:os';
import { readS3Place } from '@countersign/platform/objects/settings.ts';
import type { S3Place } from '@countersign/platform/objects/settings.ts';
import type { SqsAddress } from '@countersign/platform/queue/sqs-client.ts';
import { readKeySettings } from '@countersign/platform/keys/settings.ts';
import type { KeySettings } from '@countersign/platform/keys/settings.ts';
import { readSecretsSettings } from '@countersign/platform/secrets/settings.ts';
import type { SecretsSettings } from '@countersign/platform/secrets/settings.ts';
import { readTelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import type { TelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import { ExecutionError } from './errors.ts';

export interface WorkerConfig {
  readonly databaseUrl: string;
  /** Empty where objects are in a bucket. */
  readonly objectsFolder: string;
  /** Null or absent: objects are in the folder. */
  readonly objectsS3?: S3Place | null;
  readonly keys: KeySettings;
  /** Absent: none but those that are sealed. */
  readonly secrets?: SecretsSettings;
  readonly workerId: string;
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Between two looks for a newer bundle, give or take a tenth: one to fifteen minutes; less is for tests. 0: look once, never again. */
  readonly policyRefreshMs: number;
  readonly policyTtlMs: number;
  /** Threads that evaluate the policy of all environments. */
  readonly policyThreads: number;
  /** 0: off. */
  readonly reconcileMs: number;
  readonly retentionDays: number;
  readonly drainMs: number;
  readonly logLevel: string;
  /** The SQS queue by which workers hear of work; null: by PostgreSQL's notifications. */
  readonly queue: SqsAddress | null;
  /** The Redis that workers share; null or absent: the same by PostgreSQL. */
  readonly redisUrl?: string | null;
  /** Null: what suits the queue. */
  readonly pollMs: number | null;
  /** Where packages of connectors stand that are not shipped with this version, a folder each; null: none. */
  readonly connectorsFolder: string | null;
  /** `host:port` of what instances may reach inside of the operator's network; null or absent: whatever they name. */
  readonly internalHosts?: readonly string[] | null;
  /** Metrics and traces; absent: neither. */
  readonly telemetry?: TelemetrySettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of a worker. @throws ExecutionError `config_invalid` naming the variable and what it takes */
export function readConfig(env: Environment = process.env): WorkerConfig {
  return {
    databaseUrl: required(env, 'COUNTERSIGN_EXECUTION_DATABASE_URL', 'the connection string of the role countersign_execution'),
    ...objectsOf(env),
    keys: readKeySettings(env),
    secrets: readSecretsSettings(env),
    workerId: env['COUNTERSIGN_WORKER_ID'] || `${hostname()}:${process.pid}`,
    concurrency: whole(env, 'COUNTERSIGN_CONCURRENCY', 8, 1, 256),
    leaseMs: whole(env, 'COUNTERSIGN_LEASE_MS', 15_000, 300, 600_000),
    policyRefreshMs: whole(env, 'COUNTERSIGN_POLICY_REFRESH_SECONDS', 300, 0, 900) * 1_000,
    policyTtlMs: whole(env, 'COUNTERSIGN_POLICY_TTL_SECONDS', 900, 1, 86_400) * 1_000,
    policyThreads: whole(env, 'COUNTERSIGN_POLICY_THREADS', 2, 1, 64),
    reconcileMs: whole(env, 'COUNTERSIGN_RECONCILE_SECONDS', 30, 0, 86_400) * 1_000,
    retentionDays: whole(env, 'COUNTERSIGN_RETENTION_DAYS', 14, 0, 3_650),
    drainMs: whole(env, 'COUNTERSIGN_DRAIN_MS', 5_000, 0, 600_000),
    connectorsFolder: env['COUNTERSIGN_CONNECTORS_DIR'] || null,
    internalHosts: internalHostsOf(env),
    telemetry: readTelemetrySettings(env),
    queue: queueOf(env),
    redisUrl: redisUrlOf(env),
    pollMs: env['COUNTERSIGN_POLL_MS'] ? whole(env, 'COUNTERSIGN_POLL_MS', 0, 100, 3_600_000) : null,
    logLevel: oneOf(env, 'COUNTERSIGN_LOG_LEVEL', 'info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  };
}

function objectsOf(env: Environment): Pick<WorkerConfig, 'objectsFolder' | 'objectsS3'> {
  const place = readS3Place(env);
  if (place !== null && 'problem' in place) throw new ExecutionError('config_invalid', place.problem);
  return { objectsS3: place, objectsFolder: place === null ? required(env, 'COUNTERSIGN_OBJECTS_DIR', 'the folder of the object store') : '' };
}

function internalHostsOf(env: Environment): readonly string[] | null {
  const text = env['COUNTERSIGN_INTERNAL_HOSTS'] ?? '';
  if (text === '') return null;
  const hosts = text === 'none' ? [] : text.split(',').map((host) => host.trim().toLowerCase());
  const wrong = hosts.find((host) => !/^(\[[0-9a-f:.]+\]|[^\s/:,@[\]]+):\d{1,5}$/.test(host));
  if (wrong !== undefined) throw new ExecutionError('config_invalid', `COUNTERSIGN_INTERNAL_HOSTS holds ${JSON.stringify(wrong)}. Set it to host:port, several with commas between them, or to none.`);
  return hosts;
}

function queueOf(env: Environment): SqsAddress | null {
  const queueUrl = env['COUNTERSIGN_QUEUE_URL'] || null;
  return queueUrl === null ? null : { queueUrl: httpUrl('COUNTERSIGN_QUEUE_URL', queueUrl), endpoint: env['COUNTERSIGN_QUEUE_ENDPOINT'] ? httpUrl('COUNTERSIGN_QUEUE_ENDPOINT', env['COUNTERSIGN_QUEUE_ENDPOINT']) : null, region: null };
}

function redisUrlOf(env: Environment): string | null {
  const text = env['COUNTERSIGN_REDIS_URL'] || null;
  if (text !== null && !(URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol))) {
    // Not shown: it may hold a password.
    throw new ExecutionError('config_invalid', 'COUNTERSIGN_REDIS_URL is not a URL of Redis. Set it to redis://host:port, or to rediss:// over TLS.');
  }
  return text;
}

function httpUrl(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new ExecutionError('config_invalid', `${name} is ${JSON.stringify(text)}. Set it to a URL that begins with https:// (or http:// on this machine).`);
  return text;
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new ExecutionError('config_invalid', `${name} is missing. Set it to ${what}.`);
  return value;
}

function whole(env: Environment, name: string, otherwise: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new ExecutionError('config_invalid', `${name} is ${JSON.stringify(text)}. Set it to a whole number from ${least} to ${most}.`);
  return value;
}

function oneOf(env: Environment, name: string, otherwise: string, allowed: readonly string[]): string {
  const text = env[name] || otherwise;
  if (!allowed.includes(text)) throw new ExecutionError('config_invalid', `${name} is ${JSON.stringify(text)}. Set it to one of: ${allowed.join(', ')}.`);
  return text;
}
