import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import type { BundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { BundlePlace } from './repository-bundles.ts';

/** What is to be signed. */
export interface BundleContent {
  readonly releaseId: string | null;
  /** What people and records call this policy by. */
  readonly revision: string;
  readonly files: BundleFiles;
}

/** What is in force where. Without a release of its own an environment runs what is shipped: the base and the default packs. */
export class BundleContents {
  readonly #shipped: BundleContent;
  readonly shippedPacks: readonly string[];

  constructor(shipped: BundleParts) {
    const revision = revisionOf(shipped);
    this.#shipped = { releaseId: null, revision, files: assembleBundle(shipped, revision) };
    this.shippedPacks = packsOf(shipped);
  }

  /** Null in mode shadow where no shadow release is in force. */
  async inForce(_tx: Transaction, _tenantId: string, place: BundlePlace): Promise<BundleContent | null> {
    return place.mode === 'enforce' ? this.#shipped : null;
  }
}

/** The set's name and the beginning of its compiled bytes' digest. */
export function revisionOf({ description }: BundleParts): string {
  return `${description.name}-${description.wasm.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

function packsOf({ description }: BundleParts): string[] {
  const names = Object.keys(description.sources).map((path) => /^packs\/([^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
