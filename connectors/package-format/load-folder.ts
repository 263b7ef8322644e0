import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Connector } from '../sdk/connector.ts';
import { PackageError } from './errors.ts';
import { loadPackage, readPackage } from './load-package.ts';
import type { ReadPackage } from './load-package.ts';

export interface LoadedFolder {
  readonly connectors: readonly Connector[];
  /** Why the others were not loaded, folder by folder. */
  readonly refused: ReadonlyArray<{ readonly folder: string; readonly error: PackageError }>;
}

/**
 * The packages in `folder`, one in each of its folders. Nothing of a package runs before `isPublished` has said yes to its digest: some
 * tenant of this cell trusts its publisher. Which tenant's instances may call it is for each instance's pin to say. One bad package
 * keeps no worker from its work.
 */
export async function loadFolder(folder: string, taken: readonly Connector[], isPublished: (read: ReadPackage) => Promise<boolean>): Promise<LoadedFolder> {
  if (!existsSync(folder)) throw new PackageError('package_invalid', [`${folder}, the folder of connectors, does not exist`]);
  const connectors: Connector[] = [];
  const refused: Array<{ folder: string; error: PackageError }> = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory() && !each.name.startsWith('.') && existsSync(path.join(folder, each.name, 'manifest.yaml')))) {
    const at = path.join(folder, entry.name);
    try {
      connectors.push(await loadOne(at, [...taken, ...connectors], isPublished));
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
      refused.push({ folder: at, error });
    }
  }
  return { connectors, refused };
}

async function loadOne(folder: string, taken: readonly Connector[], isPublished: (read: ReadPackage) => Promise<boolean>): Promise<Connector> {
  const read = readPackage(folder);
  const { name, version } = read.manifest;
  if (taken.some(({ manifest }) => manifest.name === name)) throw new PackageError('package_name_taken', [`${name} is loaded already; a worker runs one package of a name`]);
  if (!await isPublished(read)) {
    throw new PackageError('package_unpublished', [`${name} ${version} (${read.packageDigest}) is published by no tenant of this cell, so none of it is run. Pack and publish it, then start the workers again`]);
  }
  return loadPackage(read);
}
