import { fileURLToPath } from 'node:url';
import { readKeySettings } from '@countersign/platform/keys/settings.ts';
import type { KeySettings } from '@countersign/platform/keys/settings.ts';
import { readS3Place } from '@countersign/platform/objects/settings.ts';
import type { S3Place } from '@countersign/platform/objects/settings.ts';
import { readSecretsSettings } from '@countersign/platform/secrets/settings.ts';
import type { SecretsSettings } from '@countersign/platform/secrets/settings.ts';
import { readTelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import type { TelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import { readAgentSettings } from './agents/settings.ts';
import type { AgentSettings } from './agents/settings.ts';
import { readAuditSettings } from './audit/settings.ts';
import type { AuditSettings } from './audit/settings.ts';
import { readRequestSettings } from './tenancy/settings.ts';
import type { RequestSettings } from './tenancy/settings.ts';

export interface ControlPlaneConfig extends RequestSettings {
  readonly databaseUrl: string;
  /** How many connections its requests and loops share. */
  readonly databaseConnections: number;
  readonly port: number;
  readonly host: string;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** Empty where objects are in a bucket. */
  readonly objectsFolder: string;
  /** Null: objects are in the folder. */
  readonly objectsS3: S3Place | null;
  readonly audit: AuditSettings;
  /** Null: the cell has no agents. */
  readonly agents: AgentSettings | null;
  readonly keys: KeySettings;
  readonly secrets: SecretsSettings;
  readonly sandboxUrl: string | null;
  /** Whether identity providers and issuers of tokens may be stand-ins on this machine, asked by http. */
  readonly standIns: boolean;
  /** `host:port` of servers inside the operator's network that tenants may name as identity providers. */
  readonly privateHosts: readonly string[];
  /** Whether a tenant's Slack app may be pointed at a stand-in on this machine. */
  readonly slackStandIns: boolean;
  /** A domain above the console's host that passkeys are for, so that consoles of several hosts share them; null: the host itself. */
  readonly passkeyRpId: string | null;
  readonly consoleFolder: string;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  /** Of the cell's first tenant. */
  readonly tenantSlug: string;
  /** SHA-256, hex, of the keys of those who operate the cell, by their names; none: nobody does over the API. */
  readonly cellKeys: ReadonlyMap<string, string>;
  /** Where the other cells are, by name: who asks this one for a tenant of theirs is told. */
  readonly cellUrls: Readonly<Record<string, string>>;
  readonly policiesFolder: string;
  readonly policySet: string;
  /** The binary that compiles policy; null: the one on PATH, or the one that `npm run setup:opa` has put into the cache. */
  readonly opa: string | null;
  readonly policyTtl_s: number;
  /** 0: sign once at start and never renew. */
  readonly policyRenewal_s: number;
  /** How long what was asked of people is kept, sealed. The worker reads the same variable for ticket text. */
  readonly retention_days: number;
  /** Null: kill switches are told of by PostgreSQL alone. */
  readonly redisUrl: string | null;
  readonly telemetry: TelemetrySettings;
  readonly logLevel: string;
}

export type BootstrapConfig = Pick<ControlPlaneConfig, 'databaseUrl' | 'publicUrl' | 'region' | 'cell' | 'tenantSlug'>;

/** A setting that is missing or wrong, by the name of its variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of the control plane. @throws ConfigError naming the variable and what it takes */
export function readConfig(env: Environment = process.env): ControlPlaneConfig {
  const port = whole(env, 'COUNTERSIGN_PORT', 8080, 0, 65_535);
  const host = env['COUNTERSIGN_HOST'] ?? '127.0.0.1';
  const ttl_s = whole(env, 'COUNTERSIGN_POLICY_TTL_SECONDS', 900, 1, 86_400);
  const renewal_s = whole(env, 'COUNTERSIGN_POLICY_RENEWAL_SECONDS', 240, 0, 86_400);
  return {
    ...readBootstrapConfig({ ...env, COUNTERSIGN_PUBLIC_URL: env['COUNTERSIGN_PUBLIC_URL'] ?? `http://localhost:${port}` }),
    port, host,
    databaseConnections: whole(env, 'COUNTERSIGN_DATABASE_CONNECTIONS', 20, 2, 1_000),
    ...readRequestSettings(env, (name, fallback) => whole(env, name, fallback, 1, 1_000_000_000), (name, takes) => new ConfigError(`${name} is wrong: ${takes}`)),
    keys: readKeySettings(env),
    secrets: readSecretsSettings(env),
    ...objectsOf(env),
    audit: readAuditSettings(env, (name, otherwise, least, most) => whole(env, name, otherwise, least, most)),
    agents: readAgentSettings(env, { whole: (name, otherwise, least, most) => whole(env, name, otherwise, least, most), wrong: (message) => new ConfigError(message) }),
    sandboxUrl: env['COUNTERSIGN_SANDBOX_URL'] === undefined ? null : httpUrl(env['COUNTERSIGN_SANDBOX_URL'], 'COUNTERSIGN_SANDBOX_URL'),
    standIns: oneOf(env, 'COUNTERSIGN_STAND_INS', 'none', ['none', 'loopback']) === 'loopback',
    privateHosts: privateHosts(env['COUNTERSIGN_PRIVATE_HOSTS'] ?? ''),
    slackStandIns: oneOf(env, 'COUNTERSIGN_SLACK_STAND_INS', env['COUNTERSIGN_STAND_INS'] === 'loopback' ? 'loopback' : 'none', ['none', 'loopback']) === 'loopback',
    passkeyRpId: passkeyRpIdOf(env),
    consoleFolder: env['COUNTERSIGN_CONSOLE_DIR'] ?? fileURLToPath(new URL('../web/dist', import.meta.url)),
    policiesFolder: env['COUNTERSIGN_POLICIES_DIR'] ?? fileURLToPath(new URL('../policies', import.meta.url)),
    policySet: env['COUNTERSIGN_POLICY_SET'] ?? 'base-itsm',
    opa: env['COUNTERSIGN_OPA'] || null,
    redisUrl: env['COUNTERSIGN_REDIS_URL'] || null,
    policyTtl_s: ttl_s,
    policyRenewal_s: renewal_s,
    retention_days: whole(env, 'COUNTERSIGN_RETENTION_DAYS', 14, 0, 3_650),
    cellKeys: cellKeysOf(env, 'COUNTERSIGN_CELL_KEY_SHA256'),
    cellUrls: cellUrlsOf(env),
    telemetry: readTelemetrySettings(env),
    logLevel: oneOf(env, 'COUNTERSIGN_LOG_LEVEL', 'info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  };
}

/** The settings that making the first tenant needs. */
export function readBootstrapConfig(env: Environment = process.env): BootstrapConfig {
  return {
    databaseUrl: required(env, 'COUNTERSIGN_CONTROL_DATABASE_URL', 'the connection string of the role countersign_control'),
    publicUrl: httpUrl(env['COUNTERSIGN_PUBLIC_URL'] ?? 'http://localhost:8080', 'COUNTERSIGN_PUBLIC_URL'),
    region: oneOf(env, 'COUNTERSIGN_REGION', 'us', ['us', 'eu']),
    cell: name(env, 'COUNTERSIGN_CELL', 'local'),
    tenantSlug: name(env, 'COUNTERSIGN_TENANT_SLUG', 'local'),
  };
}

/** Browsers make passkeys for the host of the page and the domains above it (WebAuthn Level 3, 5.1.3), and refuse those that are no domain of one's own, such as co.uk. */
function passkeyRpIdOf(env: Environment): string | null {
  const id = env['COUNTERSIGN_PASSKEY_RP_ID'] || null;
  const { hostname } = new URL(env['COUNTERSIGN_PUBLIC_URL'] ?? 'http://localhost');
  if (id === null || id === hostname || (id.includes('.') && hostname.endsWith(`.${id}`))) return id;
  throw new ConfigError(`COUNTERSIGN_PASSKEY_RP_ID is ${JSON.stringify(id)}. Set it to the host of COUNTERSIGN_PUBLIC_URL (${hostname}), or to a domain above it.`);
}

function name(env: Environment, variable: string, otherwise: string): string {
  const text = env[variable] || otherwise;
  if (!NAME.test(text)) throw new ConfigError(`${variable} is ${JSON.stringify(text)}. Set it to a name of lower-case letters, digits and hyphens, at most 63 of them.`);
  return text;
}

/** One SHA-256, of the key of `operator`; or `ann=SHA256,bob=SHA256`, of one each. */
function cellKeysOf(env: Environment, variable: string): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const entry of (env[variable] ?? '').split(',').map((text) => text.trim()).filter((text) => text !== '')) {
    const [name, sha256] = entry.includes('=') ? [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] : ['operator', entry];
    // Not shown: whoever took the key itself for its digest has not lost it to a log.
    if (!NAME.test(name) || !/^[0-9a-f]{64}$/.test(sha256)) throw new ConfigError(`${variable} is not a SHA-256, or NAME=SHA-256 pairs with commas between them. Set it to 64 hexadecimal digits for each key: \`printf %s KEY | sha256sum\`.`);
    if (keys.has(name) || [...keys.values()].includes(sha256)) throw new ConfigError(`${variable} names ${name}, or its key, twice. Everybody who operates the cell has a name and a key of their own.`);
    keys.set(name, sha256);
  }
  return keys;
}

/** `us-1=https://us-1.example,eu-1=https://eu-1.example` */
function cellUrlsOf(env: Environment): Record<string, string> {
  const entries = (env['COUNTERSIGN_CELLS'] ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  return Object.fromEntries(entries.map((entry) => {
    const [cell, url] = [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)];
    if (!NAME.test(cell)) throw new ConfigError(`COUNTERSIGN_CELLS has ${JSON.stringify(entry)}. Set it to NAME=URL pairs with commas between them.`);
    return [cell, httpUrl(url, 'COUNTERSIGN_CELLS')];
  }));
}

function objectsOf(env: Environment): Pick<ControlPlaneConfig, 'objectsFolder' | 'objectsS3'> {
  const place = readS3Place(env);
  if (place !== null && 'problem' in place) throw new ConfigError(place.problem);
  return { objectsS3: place, objectsFolder: place === null ? required(env, 'COUNTERSIGN_OBJECTS_DIR', 'the folder of the object store') : '' };
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new ConfigError(`${name} is missing. Set it to ${what}.`);
  return value;
}

function whole(env: Environment, name: string, otherwise: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw new ConfigError(`${name} is ${JSON.stringify(text)}. Set it to a whole number from ${least} to ${most}.`);
  return value;
}

function oneOf<T extends string>(env: Environment, name: string, otherwise: T, allowed: readonly T[]): T {
  const text = env[name] ?? otherwise;
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new ConfigError(`${name} is ${JSON.stringify(text)}. Set it to one of: ${allowed.join(', ')}.`);
  return found;
}

function privateHosts(text: string): string[] {
  const hosts = text.split(',').map((host) => host.trim().toLowerCase()).filter((host) => host !== '');
  const wrong = hosts.find((host) => !/^[a-z0-9.-]+:\d{1,5}$/.test(host));
  if (wrong !== undefined) throw new ConfigError(`COUNTERSIGN_PRIVATE_HOSTS holds ${JSON.stringify(wrong)}. Set it to host:port, several with commas between them.`);
  return hosts;
}

function httpUrl(text: string, name: string): string {
  if (!URL.canParse(text) || !['http:', 'https:'].includes(new URL(text).protocol)) throw new ConfigError(`${name} is ${JSON.stringify(text)}. Set it to an http or https URL.`);
  return text.replace(/\/+$/, '');
}
