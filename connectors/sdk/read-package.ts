import { readFileSync } from 'node:fs';
import type { PackageFile } from '@countersign/contracts/connectors/package/package.ts';
import { packageFilesBeside } from './package-content.ts';

/** A package as it lies in its folder. */
export interface FoundPackage {
  /** Text of its manifest. */
  readonly manifest: string;
  readonly files: readonly PackageFile[];
}

/**
 * Reads the package in whose folder `manifest` is. In a file of its own, because the agent's binary has its packages within itself.
 * @throws PackageFolderError
 */
export function readPackage(manifest: URL, shared: readonly URL[]): FoundPackage {
  return { files: packageFilesBeside(manifest, shared), manifest: readFileSync(manifest, 'utf8') };
}
