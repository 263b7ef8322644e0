import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { BundleError } from '@countersign/platform/opa/bundle/errors.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { findBundle } from '../policies/repository-bundles.ts';
import type { BundleRow } from '../policies/repository-bundles.ts';
import { bundleKeys } from './queries.ts';

/** One bundle as a decision's record names it. */
export interface BundleName {
  readonly environmentId: string;
  readonly mode: BundleMode;
  readonly seq: number;
  /** `sha256:<hex>` of its bytes. */
  readonly digest: string;
}

/** Bundles that have decided, read back from where they are kept. */
export class BundleArchive {
  readonly #database: Database;
  readonly #objects: Objects;

  constructor(database: Database, objects: Objects) {
    this.#database = database;
    this.#objects = objects;
  }

  /** The files of a bundle, verified as on the day that it was signed: it has expired since. Why not where it cannot be had. */
  async read(tenantId: string, name: BundleName): Promise<{ readonly files: BundleFiles } | { readonly missing: string }> {
    const scope = bundleScope(name.environmentId, name.mode);
    const { row, jwks } = await this.#database.forTenant(tenantId, async (tx) => ({
      row: await tx.maybeOne<BundleRow>(findBundle, [tenantId, scope, name.seq]),
      jwks: await tx.rows<VerificationJwk>(bundleKeys, [tenantId]),
    }));
    if (row === undefined || row.digest !== name.digest) return { missing: 'The bundle that decided is not known here.' };
    const bytes = await this.#objects.get(row.object_key).catch(() => null);
    if (bytes === null) return { missing: 'The bundle that decided is not in the object store any more.' };
    try {
      const verified = verifyBundle(bytes, { keys: verificationKeys(jwks), tenant: tenantId, scope, now: row.signed_at, highestSeq: 0 });
      return verified.digest === name.digest ? { files: verified.files } : { missing: 'The bundle in the object store is not the one that decided.' };
    } catch (error) {
      if (error instanceof BundleError) return { missing: `The bundle in the object store is not as it was signed: ${error.message} (${error.code}).` };
      throw error;
    }
  }
}
