import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { parseDocument } from 'yaml';
import schema from '@countersign/contracts/agent/config.schema.json' with { type: 'json' };
import type { AgentConfig } from './agent-config.ts';
import { ConfigError } from './errors.ts';

export const ENV_PREFIX = 'COUNTERSIGN_AGENT_';

/** Settings of one value, which the environment may have: `COUNTERSIGN_AGENT_SPOOL_LIMIT_BYTES` for `spool.limit_bytes`. */
const FROM_ENVIRONMENT: ReadonlyArray<readonly [path: readonly string[], isNumber: boolean]> = [
  [['state_dir'], false], [['capacity'], true], [['shutdown_s'], true], [['log', 'format'], false], [['log', 'level'], false], [['control_plane', 'proxy', 'url'], false],
  [['spool', 'limit_bytes'], true], [['spool', 'reserve_bytes'], true], [['spool', 'key_file'], false], [['policy', 'ttl_s'], true],
];
export const SETTINGS_FROM_ENVIRONMENT: readonly string[] = FROM_ENVIRONMENT.map(([path]) => variableOf(path));
/** Variables that are no settings: where the settings are, what an enrolment takes, and those of a cell that is started from the same shell. */
const NO_SETTINGS = ['CONFIG', 'ENROLMENT_TOKEN', 'PORT', 'HOST', 'PUBLIC_URL', 'CA', 'CERTIFICATE_SECONDS', 'RELEASES_DIR'].map((name) => `${ENV_PREFIX}${name}`);
const DEPTH_LIMIT = 8;

/**
 * The settings of a file, with those of the environment over them.
 * @param source names the file in errors
 * @throws ConfigError with every problem, each naming its key
 */
export function readConfig(source: string, text: string, env: Readonly<Record<string, string | undefined>>): AgentConfig {
  const value = parse(source, text);
  const problems = setFromEnvironment(value, env);
  if (problems.length > 0) throw new ConfigError(source, problems);
  // Made here and dropped: settings are read once, and an agent that runs for months need not hold what reads them.
  const validate = new Ajv2020({ strict: false, allErrors: true, useDefaults: true, discriminator: true, verbose: true }).compile<AgentConfig>(schema);
  if (!validate(value)) throw new ConfigError(source, [...new Set(worthTelling(validate.errors ?? []).map(problemOf))]);
  return requireDistinct(source, value);
}

function parse(source: string, text: string): Record<string, unknown> {
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true });
  if (document.errors.length > 0) throw new ConfigError(source, document.errors.map(({ message }) => message.split('\n')[0]!));
  const value = text.trim() === '' ? {} : plainValue(source, () => document.toJS({ maxAliasCount: 0 }) as unknown);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfigError(source, ['It holds no settings: write `key: value` lines, `state_dir` first.']);
  refuseHostileKeys(source, value, 0);
  return value as Record<string, unknown>;
}

function plainValue(source: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    throw new ConfigError(source, [`${(cause as Error).message}; write out what an alias stands for.`]);
  }
}

function refuseHostileKeys(source: string, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_LIMIT) throw new ConfigError(source, ['It is nested deeper than any setting is.']);
  for (const key of Object.keys(value)) {
    if (['__proto__', 'constructor', 'prototype'].includes(key)) throw new ConfigError(source, [`${key} is the name of no setting.`]);
    refuseHostileKeys(source, (value as Record<string, unknown>)[key], depth + 1);
  }
}

/** @returns what is wrong with the variables */
function setFromEnvironment(value: Record<string, unknown>, env: Readonly<Record<string, string | undefined>>): string[] {
  const names = new Map(FROM_ENVIRONMENT.map(([path, isNumber]) => [variableOf(path), { path, isNumber }]));
  const problems: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || NO_SETTINGS.includes(name) || text === undefined) continue;
    const known = names.get(name);
    if (known === undefined) problems.push(`${name} in the environment is no setting. There are ${[...names.keys()].join(', ')}.`);
    else if (known.isNumber && !/^\d{1,15}$/.test(text)) problems.push(`${name} in the environment takes a whole number.`);
    else put(value, known.path, known.isNumber ? Number(text) : text);
  }
  return problems;
}

function variableOf(path: readonly string[]): string {
  return `${ENV_PREFIX}${path.join('_').toUpperCase()}`;
}

function put(value: Record<string, unknown>, path: readonly string[], setting: unknown): void {
  let at = value;
  for (const name of path.slice(0, -1)) {
    const inner = at[name];
    at = (typeof inner === 'object' && inner !== null ? inner : (at[name] = {})) as Record<string, unknown>;
  }
  at[path.at(-1)!] = setting;
}

/** Of the branches of a choice only what the chosen one says: everything else is noise. */
function worthTelling(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf');
  return errors.filter((error) => error.keyword !== 'anyOf' && !choices.some((choice) => choice !== error && choice.keyword === 'oneOf' && error.schemaPath.startsWith(`${choice.schemaPath}/`)));
}

function problemOf({ instancePath, keyword, params, message, parentSchema }: ErrorObject): string {
  const key = instancePath.slice(1).replaceAll('/', '.') || 'the file';
  const description = (parentSchema as { description?: string } | undefined)?.description;
  const hint = description === undefined ? '' : ` (${description})`;
  if (keyword === 'required') return `${key} lacks ${String(params.missingProperty)}.`;
  if (keyword === 'additionalProperties') return `${key} has no setting ${String(params.additionalProperty)}.`;
  if (keyword === 'enum') return `${key} is one of ${(params.allowedValues as string[]).join(', ')}.`;
  if (keyword === 'oneOf') return `${key} takes one of {file: /path}, {env: NAME} and {command: [program, argument]}: a secret is never in this file.`;
  if (keyword === 'discriminator') return `${key}.kind is one of none, basic, bearer, api_key, oauth_client_credentials, signed_jwt.`;
  return `${key} ${message ?? 'is not valid'}${hint}.`;
}

function requireDistinct(source: string, config: AgentConfig): AgentConfig {
  const names = config.connections.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ConfigError(source, [`connections has ${twice} twice; each stands for one instance.`]);
  if (config.spool.reserve_bytes * 2 > config.spool.limit_bytes) throw new ConfigError(source, ['spool.reserve_bytes is more than half of spool.limit_bytes.']);
  return config;
}
