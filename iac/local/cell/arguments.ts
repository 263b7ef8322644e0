import path from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULTS, environmentText } from '../config.ts';
import type { CellOptions } from '../config.ts';
import { CellError } from './errors.ts';

export const START_USAGE = `Usage: npm start -- [options]

  --fresh                       begin anew: the data folder is emptied first
  --data-dir DIR                where everything lives (default .countersign; COUNTERSIGN_DATA_DIR)
  --region us|eu                where the cell stands (default us; kept from the first start)
  --cell NAME                   what the cell is called (default local; kept)
  --slug NAME                   what its first tenant is called (default local; kept)
  --cells NAME=URL,...          where other cells are: who asks this one for a tenant of theirs is told
  --port N                      API and console (default 8080; COUNTERSIGN_PORT)
  --sandbox-port N              ServiceNow sandbox (default 8090; COUNTERSIGN_SANDBOX_PORT)
  --agent-port N                where agents dial (default 8100, or another that is free; kept; COUNTERSIGN_AGENT_PORT)
  --postgres-port N             PostgreSQL (default: any free port)
  --workers N                   worker processes (default 1)
  --queue postgres|sqs          how workers hear of work (default postgres; sqs: a stand-in for Amazon SQS is started)
  --redis                       a Redis that the processes share (needs redis-server; see docs/how-to/run-on-sqs-and-redis.md)
  --keys file|kms               what wraps the keys of tenants (default file; kept; kms: a stand-in for AWS KMS is started)
  --secrets database|aws        where secrets of connectors are (default database; kept; aws: a stand-in for AWS Secrets Manager)
  --objects folder|s3           where evidence and checkpoints are (default folder; kept; s3: a stand-in for S3 with Object Lock)
  --aws                         all of these: --queue sqs --redis --keys kms --secrets aws --objects s3 (docs/how-to/run-on-the-aws-side.md)
  --witness                     our witness beside the cell, which countersigns its audit (kept; a customer runs one elsewhere)
  --oidc                        a stand-in for an identity provider, to sign in by (kept)
  --policy-ttl-seconds N        how long a signed policy bundle is valid (default 900)
  --policy-renewal-seconds N    how often it is signed anew (default 240; 0 never: after the TTL everything is denied)
  --policy-refresh-seconds N    how often a worker asks for a newer one (default 60)
  --reconcile-seconds N         how often lost webhooks are looked for (default 30; 0 never)
  --connectors-dir DIR          connectors of your own, a folder each (see docs/how-to/write-a-connector.md)
  --no-opa                      do not install opa in the background
  --verbose                     show the logs of every process here, too
  --help`;

/** @throws CellError `usage`, naming the option and what it takes */
export function parseStartArguments(argv: readonly string[]): CellOptions | 'help' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  return {
    dataDir: path.resolve(values['data-dir'] ?? environmentText('COUNTERSIGN_DATA_DIR') ?? DEFAULTS.dataDir),
    region: regionOf(values.region),
    cell: nameOf('--cell', values.cell),
    slug: nameOf('--slug', values.slug),
    cells: values.cells,
    port: number(values.port === undefined ? 'COUNTERSIGN_PORT' : '--port', values.port ?? environmentText('COUNTERSIGN_PORT'), DEFAULTS.port, 0, 65_535),
    sandboxPort: number(values['sandbox-port'] === undefined ? 'COUNTERSIGN_SANDBOX_PORT' : '--sandbox-port', values['sandbox-port'] ?? environmentText('COUNTERSIGN_SANDBOX_PORT'), DEFAULTS.sandboxPort, 0, 65_535),
    agentPort: agentPortOf(values['agent-port']),
    postgresPort: number('--postgres-port', values['postgres-port'], 0, 0, 65_535),
    workers: number('--workers', values.workers, 1, 1, 16),
    ...awsSideOf(values),
    witness: values.witness ?? false,
    oidc: values.oidc ?? false,
    connectorsDir: values['connectors-dir'] === undefined ? null : path.resolve(values['connectors-dir']),
    fresh: values.fresh ?? false,
    verbose: values.verbose ?? false,
    installOpa: values['no-opa'] !== true,
    policyTtlSeconds: number('--policy-ttl-seconds', values['policy-ttl-seconds'], 900, 1, 86_400),
    policyRenewalSeconds: number('--policy-renewal-seconds', values['policy-renewal-seconds'], 240, 0, 86_400),
    policyRefreshSeconds: number('--policy-refresh-seconds', values['policy-refresh-seconds'], 60, 1, 900),
    reconcileSeconds: number('--reconcile-seconds', values['reconcile-seconds'], 30, 0, 86_400),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv], strict: true,
      options: {
        fresh: { type: 'boolean' }, verbose: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, 'no-opa': { type: 'boolean' }, redis: { type: 'boolean' }, queue: { type: 'string' },
        aws: { type: 'boolean' }, keys: { type: 'string' }, secrets: { type: 'string' }, objects: { type: 'string' }, witness: { type: 'boolean' }, oidc: { type: 'boolean' },
        region: { type: 'string' }, cell: { type: 'string' }, slug: { type: 'string' }, cells: { type: 'string' },
        'data-dir': { type: 'string' }, 'connectors-dir': { type: 'string' }, 'agent-port': { type: 'string' }, port: { type: 'string' }, 'sandbox-port': { type: 'string' }, 'postgres-port': { type: 'string' },
        workers: { type: 'string' }, 'policy-ttl-seconds': { type: 'string' }, 'policy-renewal-seconds': { type: 'string' },
        'policy-refresh-seconds': { type: 'string' }, 'reconcile-seconds': { type: 'string' },
      },
    }).values;
  } catch (cause) {
    throw new CellError('usage', `${(cause as Error).message}\n\n${START_USAGE}`, { cause });
  }
}

function regionOf(text: string | undefined): 'us' | 'eu' | undefined {
  if (text !== undefined && text !== 'us' && text !== 'eu') throw new CellError('usage', `--region takes us or eu, not ${JSON.stringify(text)}.`);
  return text;
}

function nameOf(flag: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) throw new CellError('usage', `${flag} takes lower-case letters, digits and hyphens, at most 63 of them, not ${JSON.stringify(text)}.`);
  return text;
}

function agentPortOf(flag: string | undefined): number | undefined {
  const text = flag ?? environmentText('COUNTERSIGN_AGENT_PORT');
  return text === undefined ? undefined : number(flag === undefined ? 'COUNTERSIGN_AGENT_PORT' : '--agent-port', text, 0, 0, 65_535);
}

type AwsSide = Required<Pick<CellOptions, 'queue' | 'redis'>> & Pick<CellOptions, 'keys' | 'secrets' | 'objects'>;

/** What an AWS cell has in the place of a local one's, each alone or all together. */
function awsSideOf({ aws = false, redis = false, ...named }: { aws?: boolean; redis?: boolean; queue?: string; keys?: string; secrets?: string; objects?: string }): AwsSide {
  const side = {
    queue: oneOf('--queue', named.queue, ['postgres', 'sqs']), keys: oneOf('--keys', named.keys, ['file', 'kms']),
    secrets: oneOf('--secrets', named.secrets, ['database', 'aws']), objects: oneOf('--objects', named.objects, ['folder', 's3']),
  };
  if (!aws) return { ...side, queue: side.queue ?? 'postgres', redis };
  const other = (Object.keys(ON_AWS) as Array<keyof typeof ON_AWS>).find((name) => side[name] !== undefined && side[name] !== ON_AWS[name]);
  if (other !== undefined) throw new CellError('usage', `--aws means --${other} ${ON_AWS[other]}, not ${side[other]}. Leave --aws out and name the parts that you want, or leave --${other} out.`);
  return { ...ON_AWS, redis: true };
}

const ON_AWS = { queue: 'sqs', keys: 'kms', secrets: 'aws', objects: 's3' } as const;

function oneOf<T extends string>(flag: string, text: string | undefined, allowed: readonly [T, T]): T | undefined {
  const found = allowed.find((value) => value === text);
  if (text !== undefined && found === undefined) throw new CellError('usage', `${flag} takes ${allowed.join(' or ')}, not ${JSON.stringify(text)}.`);
  return found;
}

function number(flag: string, text: string | undefined, fallback: number, least: number, most: number): number {
  const value = text === undefined ? fallback : text.trim() === '' ? NaN : Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CellError('usage', `${flag} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text ?? String(fallback))}.`);
  }
  return value;
}
