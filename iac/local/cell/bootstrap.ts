import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { baseEnvironment, ROOT } from '../config.ts';
import { CellError } from './errors.ts';
import { homeEnvironment, LOCAL_HOME } from './home.ts';
import type { Home } from './home.ts';

/** What the control plane's own bootstrap needs: its database. */
export interface BootstrapAccess {
  readonly controlDatabaseUrl: string;
  readonly publicUrl: string;
  /** Absent: the local one. */
  readonly home?: Home;
}

export interface Bootstrapped {
  readonly tenant_id: string;
  readonly workspace_id: string;
}

/** Makes the first tenant when there is none. */
export function bootstrapTenant(access: BootstrapAccess): Promise<Bootstrapped> {
  return run(access, ['init']);
}

/** A one-time sign-in link for the cell's administrator, valid for 15 minutes. */
export async function newSignInUrl(access: BootstrapAccess): Promise<string> {
  return (await run<{ sign_in_url: string }>(access, ['sign-in-link'])).sign_in_url;
}

/** A new API key of the cell's administrator; its value is only ever here. */
export async function newApiKey(access: BootstrapAccess, name: string): Promise<string> {
  return (await run<{ api_key: string }>(access, ['api-key', '--name', name])).api_key;
}

/** Runs `control-plane/bootstrap.ts`, which prints one JSON object. The launcher does not reach into the control plane's code. */
async function run<T>(access: BootstrapAccess, args: string[]): Promise<T> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'control-plane/bootstrap.ts'), ...args], {
      cwd: ROOT,
      env: {
        ...baseEnvironment(), ...homeEnvironment(access.home ?? LOCAL_HOME),
        COUNTERSIGN_CONTROL_DATABASE_URL: access.controlDatabaseUrl, COUNTERSIGN_PUBLIC_URL: access.publicUrl,
      },
    });
    return JSON.parse(stdout) as T;
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new CellError('seed_failed', `The control plane's bootstrap (${args[0]}) failed: ${stderr?.trim() || (cause as Error).message}`, { cause });
  }
}
