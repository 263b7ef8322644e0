import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OpaConfig } from './config.ts';
import type { Installed, InstallRequest } from './installation.ts';

const TIMEOUT_MS = 20 * 60_000;

/** Compiles OPA from its Go module: about a minute of two cores, once. */
export async function installFromGoModules({ version, folder, config, progress }: InstallRequest): Promise<Installed> {
  const go = await run('go', ['version'], config, {});
  if (go.failed !== null) return { failed: 'Go is not installed here' };
  progress(`opa ${version}: compiling from Go modules, once; this takes a minute or more`);
  await mkdir(dirname(folder), { recursive: true });
  // Built aside and moved into place, so that two set-ups at once or an interrupted one leave no half of a binary.
  const scratch = await mkdtemp(`${folder}.partial-`);
  try {
    const environment = { GOBIN: scratch, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -trimpath -buildvcs=false' };
    const build = await run('go', ['install', '-ldflags', '-s -w', `github.com/open-policy-agent/opa@v${version}`], config, environment);
    if (build.failed !== null) return { failed: `compiling it with ${go.stdout.trim()} failed: ${build.failed}` };
    await mkdir(folder, { recursive: true });
    await rename(join(scratch, 'opa'), join(folder, 'opa'));
    progress(`opa ${version}: compiled`);
    return { path: join(folder, 'opa') };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], config: OpaConfig, extra: Record<string, string>): Promise<{ failed: string | null; stdout: string }> {
  return new Promise((resolve) => {
    const env = config.childEnvironment(extra);
    execFile(command, args, { env, timeout: TIMEOUT_MS, maxBuffer: 8 * 1024 * 1024 }, (error, stdout, stderr) => {
      // Go prints a line per download first: what went wrong is at the end.
      const lastLines = stderr.trim().split('\n').slice(-3).join(' | ');
      resolve({ failed: error ? lastLines || error.message : null, stdout });
    });
  });
}
