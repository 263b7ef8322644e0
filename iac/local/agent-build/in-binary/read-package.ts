import { getAsset } from 'node:sea';
import type { FoundPackage } from '@countersign/connectors/sdk/read-package.ts';

let packages: Readonly<Record<string, FoundPackage>> | undefined;

/** Stands for `connectors/sdk/read-package.ts`: what `packages.ts` read of the folder when the binary was built. */
export function readPackage(manifest: URL, shared: readonly URL[]): FoundPackage {
  packages ??= JSON.parse(getAsset('packages.json', 'utf8')) as Record<string, FoundPackage>;
  const found = packages[manifest.pathname.split('/').at(-2)!];
  if (found === undefined || shared.length > 0) throw new TypeError(`${manifest.pathname} is no package of this binary.`);
  return found;
}
