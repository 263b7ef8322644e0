import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Metafile } from 'esbuild';
import { readPackage } from '@countersign/connectors/sdk/read-package.ts';
import type { FoundPackage } from '@countersign/connectors/sdk/read-package.ts';
import { ROOT } from '../config.ts';

/** The connectors of a bundle with their manifests and what they are digested by, so that the agent names the package that the cell has approved. */
export function packagesOf({ inputs }: Metafile): Record<string, FoundPackage> {
  const names = Object.keys(inputs).flatMap((input) => /^connectors\/([^/]+)\/connector\.ts$/.exec(input)?.[1] ?? []);
  return Object.fromEntries(names.toSorted().map((name) => [name, readPackage(pathToFileURL(path.join(ROOT, 'connectors', name, 'manifest.yaml')), [])]));
}
