import { insertEnvironment, insertTenant, insertTenantDirectory, insertWorkspace } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';

/** A tenant with one environment, in which runs can stand. */
export interface GrowthPlace {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
}

export async function seedPlace(control: Database, slug: string): Promise<GrowthPlace> {
  const place = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment') };
  await control.forTenant(place.tenantId, async (tx) => {
    await tx.change(insertTenantDirectory, [place.tenantId, slug, 'us', 'local']);
    await tx.change(insertTenant, [place.tenantId, slug]);
    await tx.change(insertWorkspace, [place.tenantId, place.workspaceId, 'operations', 'Operations']);
    await tx.change(insertEnvironment, [place.tenantId, place.workspaceId, place.environmentId, 'prod', 3]);
  });
  return place;
}
