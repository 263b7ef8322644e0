import { join } from 'node:path';
import { readOpaConfig } from './config.ts';
import type { OpaConfig } from './config.ts';
import { installFromGoModules } from './install-go.ts';
import { installFromRelease } from './install-release.ts';
import { opaVersionAt } from './opa-version.ts';
import { OPA_VERSION, isCompatible } from './version.ts';

export interface EnsureOpaOptions {
  /** Where an installed OPA is kept: the repository's `.cache`. */
  readonly cache_dir: string;
  /** Only the pinned version will do, because its output is compared byte by byte. Otherwise a newer 1.x is fine too. */
  readonly exact?: boolean;
  /** Look, but install nothing: for `npm start`, which does without. */
  readonly install?: boolean;
  readonly version?: string;
  readonly config?: OpaConfig;
  /** One line of progress at a time. */
  readonly progress?: (line: string) => void;
  readonly release_base_url?: string;
}

export type EnsuredOpa =
  | { readonly missing?: never; readonly path: string; readonly version: string }
  | { readonly missing: true; readonly how_to_get_it: string };

/**
 * Finds OPA on PATH or in the cache, else installs it: from Go modules (authenticated by Go's checksum database) where Go is
 * there, else the release binary with a known SHA-256. Never throws: without OPA everything runs but changing policy.
 */
export async function ensureOpa(options: EnsureOpaOptions): Promise<EnsuredOpa> {
  const version = options.version ?? OPA_VERSION;
  const config = options.config ?? readOpaConfig();
  const folder = join(options.cache_dir, `opa-${version}`);
  const cached = join(folder, 'opa');

  const onPath = await opaVersionAt('opa', config);
  if (onPath !== null && (onPath === version || (!options.exact && isCompatible(onPath, version)))) return { path: 'opa', version: onPath };
  if ((await opaVersionAt(cached, config)) === version) return { path: cached, version };
  if (options.install === false) return { missing: true, how_to_get_it: howToGetIt(version, ['it is neither on PATH nor in the cache']) };

  const progress = options.progress ?? ((line) => process.stderr.write(`${line}\n`));
  const failures: string[] = [];
  for (const install of [installFromGoModules, installFromRelease]) {
    const result = await install({ version, folder, config, progress, release_base_url: options.release_base_url });
    if ('failed' in result) failures.push(result.failed);
    else if ((await opaVersionAt(result.path, config)) === version) return { path: result.path, version };
    else failures.push(`${result.path} was installed but does not answer as OPA ${version}`);
  }
  return { missing: true, how_to_get_it: howToGetIt(version, failures) };
}

function howToGetIt(version: string, failures: readonly string[]): string {
  return [
    `OPA ${version} is needed to check, test or build policies, and could not be had:`,
    ...failures.map((failure) => `  - ${failure}`),
    'Any one of these helps:',
    `  - install Go 1.26 or newer and run \`npm run setup:opa\``,
    `  - put an \`opa\` of version ${version} on PATH (https://github.com/open-policy-agent/opa/releases/tag/v${version})`,
    '  - run `COUNTERSIGN_OPA_SHA256=<the SHA-256 that the release page names for your platform> npm run setup:opa`',
  ].join('\n');
}
