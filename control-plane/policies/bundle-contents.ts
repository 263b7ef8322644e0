import type { Objects } from '@countersign/platform/objects/objects.ts';
import { unpackBundle } from '@countersign/platform/opa/bundle/archive.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import type { BundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { BundlePlace } from './repository-bundles.ts';
import { releaseInForce } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';
import { stackOfRelease } from './stacks-in-force.ts';
import { releasedBundle } from './unsigned-bundle.ts';

/** What is to be signed. */
export interface BundleContent {
  readonly releaseId: string | null;
  /** What people and records call this policy by. */
  readonly revision: string;
  readonly files: BundleFiles;
}

/** What is in force where. Without a release of its own an environment runs what is shipped: the base and the default packs. */
export class BundleContents {
  readonly #objects: Objects;
  readonly #shipped: BundleContent;
  readonly shippedPacks: readonly string[];

  constructor(objects: Objects, shipped: BundleParts) {
    const revision = revisionOf(shipped);
    this.#objects = objects;
    this.#shipped = { releaseId: null, revision, files: assembleBundle(shipped, revision) };
    this.shippedPacks = packsOf(shipped);
  }

  /** Null in mode shadow where no shadow release is in force. */
  async inForce(tx: Transaction, tenantId: string, { environment_id, mode }: BundlePlace): Promise<BundleContent | null> {
    const release = await tx.maybeOne<ReleaseRow>(releaseInForce, [tenantId, environment_id, mode]);
    if (release === undefined) return mode === 'enforce' ? this.#shipped : null;
    const revision = `${release.environment}-${mode === 'shadow' ? 'shadow-' : ''}${release.number}-${release.stack_digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
    return { releaseId: release.id, revision, files: releasedBundle(await this.filesOf(release), { revision, stack: stackOfRelease(release), mode }) };
  }

  /** The files of a release's bundle, or of what is shipped where there is none. */
  async filesOf(release: Pick<ReleaseRow, 'parts_key'> | undefined): Promise<BundleFiles> {
    return release === undefined ? this.#shipped.files : unpackBundle(await this.#objects.get(release.parts_key));
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
