import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { releaseInForce } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';
import type { Stack } from './stack-sources.ts';

/** What is released where; where nothing is, what is shipped. */
export class StacksInForce {
  readonly shippedPacks: readonly string[];

  constructor(shippedPacks: readonly string[]) {
    this.shippedPacks = shippedPacks;
  }

  get shipped(): Stack {
    return { packs: [...this.shippedPacks], tenant: null, workspace: null, environment: null };
  }

  releaseOf(tx: Transaction, tenantId: string, environmentId: string, mode: BundleMode = 'enforce'): Promise<ReleaseRow | undefined> {
    return tx.maybeOne<ReleaseRow>(releaseInForce, [tenantId, environmentId, mode]);
  }

  /** What binds in an environment. */
  async stackOf(tx: Transaction, tenantId: string, environmentId: string): Promise<Stack> {
    const release = await this.releaseOf(tx, tenantId, environmentId);
    return release === undefined ? this.shipped : stackOfRelease(release);
  }
}

export function stackOfRelease({ packs, tenant_version, workspace_version, environment_version }: Pick<ReleaseRow, 'packs' | 'tenant_version' | 'workspace_version' | 'environment_version'>): Stack {
  return { packs, tenant: tenant_version, workspace: workspace_version, environment: environment_version };
}
