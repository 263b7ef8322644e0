import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What `npm start` and `npm run demo` take, from flags first and the environment second. */
export interface CellOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly sandboxPort: number;
  /** 0 takes any free port; it is kept in the data folder's settings. */
  readonly postgresPort: number;
  readonly workers: number;
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
} as const;

/** The environment that a process of the cell starts with: ours, without what only npm needs. */
export function baseEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && !name.startsWith('COUNTERSIGN_') && !name.startsWith('SANDBOX_')));
}

export function environmentText(name: string): string | undefined {
  const text = process.env[name];
  return text === '' ? undefined : text;
}
