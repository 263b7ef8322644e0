import type { Database } from '@countersign/platform/postgres/database.ts';
import { findTenant } from './bootstrap-queries.ts';

/** The id of the tenant that a slug names; null where there is none. Whoever asks from outside must get the same answer for both. */
export async function tenantBySlug(database: Database, slug: string): Promise<string | null> {
  const row = await database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenant, [slug]));
  return row?.tenant_id ?? null;
}
