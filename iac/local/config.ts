import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What `npm start` and `npm run demo` take, from flags first and the environment second. */
export interface CellOptions {
  readonly dataDir: string;
  /** Where the cell stands; absent: as it was made, or the local one. */
  readonly region?: 'us' | 'eu' | undefined;
  readonly cell?: string | undefined;
  /** Of its first tenant. */
  readonly slug?: string | undefined;
  /** Where other cells are, `NAME=URL,...`. */
  readonly cells?: string | undefined;
  readonly port: number;
  readonly sandboxPort: number;
  /** Where agents dial; absent: as it was, at first 8100 or another that is free. 0 takes any free one. */
  readonly agentPort?: number | undefined;
  /** 0 takes any free port; it is kept in the data folder's settings. */
  readonly postgresPort: number;
  readonly workers: number;
  /** How workers hear of work; absent: by PostgreSQL. */
  readonly queue?: 'postgres' | 'sqs';
  /** Whether there is a Redis that the processes share. */
  readonly redis?: boolean;
  /** What wraps the keys of tenants; absent: as it was at the last start, at first a file. */
  readonly keys?: 'file' | 'kms' | undefined;
  /** Where the secrets of connectors are; absent: as it was, at first sealed in the database. */
  readonly secrets?: 'database' | 'aws' | undefined;
  /** Where objects are; absent: as it was, at first a folder. */
  readonly objects?: 'folder' | 's3' | undefined;
  /** Whether a witness countersigns the audit; once it does, it is started every time. */
  readonly witness?: boolean;
  /** Whether there is an identity provider to sign in by; once there is, it is started every time. */
  readonly oidc?: boolean;
  readonly fresh: boolean;
  /** Packages of connectors that are not shipped, a folder each; null or absent: none. */
  readonly connectorsDir?: string | null;
  readonly verbose: boolean;
  readonly installOpa: boolean;
  readonly policyTtlSeconds: number;
  readonly policyRenewalSeconds: number;
  readonly policyRefreshSeconds: number;
  readonly reconcileSeconds: number;
  /** The worker reaches the sandbox through this proxy: part of its connector instance when that is made. */
  readonly sandboxProxyUrl?: string;
}

export const DEFAULTS = {
  dataDir: path.join(ROOT, '.countersign'),
  port: 8080,
  sandboxPort: 8090,
  agentPort: 8100,
} as const;

/** The environment that a process of the cell starts with: ours, without what only npm needs. */
export function baseEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && !name.startsWith('COUNTERSIGN_') && !name.startsWith('SANDBOX_')));
}

/** Where traces go is said by whoever starts the cell, and by nobody else: without it none leave. */
export function tracesEnvironment(): Record<string, string> {
  return Object.fromEntries(['COUNTERSIGN_OTLP_ENDPOINT', 'COUNTERSIGN_OTLP_HEADERS', 'COUNTERSIGN_TRACES_RATIO'].flatMap((name) => {
    const text = environmentText(name);
    return text === undefined ? [] : [[name, text]];
  }));
}

/** Where a stand-in that the cell starts is to listen. */
export function standInPort(): number {
  return Number(process.env['COUNTERSIGN_STAND_IN_PORT']);
}

/** Where a stand-in that keeps something is to keep it. */
export function standInFolder(): string {
  return process.env['COUNTERSIGN_STAND_IN_DIR'] ?? '';
}

/** Who may ask a stand-in for an identity provider, as JSON. */
export function standInClient(): string {
  return process.env['COUNTERSIGN_STAND_IN_CLIENT'] ?? '';
}

export function environmentText(name: string): string | undefined {
  const text = process.env[name];
  return text === '' ? undefined : text;
}
