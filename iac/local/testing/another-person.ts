import { homeWorkspace } from '@countersign/control-plane/identity/sessions/queries.ts';
import { grantRole, insertPrincipal } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { insertApiKey } from '@countersign/control-plane/identity/queries.ts';
import { apiKeyToken, newSecret } from '@countersign/control-plane/identity/tokens.ts';
import type { Role } from '@countersign/contracts/openapi/permissions.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { CellApi } from '../cell/cell-api.ts';
import type { CellUnderTest } from './cell-under-test.ts';

/** The cell's API as another person than its administrator sees it: nobody approves what they asked for themselves. */
export async function anotherPersonOf(cell: CellUnderTest, role: Role): Promise<CellApi> {
  const state = await cell.state();
  const database = new Database({ url: state.control_database_url, applicationName: 'countersign tests', maxConnections: 1 });
  try {
    const [, tenantId = ''] = /^cs_key_(ten_[0-9a-z]{26})_/.exec(state.api_key) ?? [];
    const [id, keyId, { secret, sha256 }] = [newId('principal'), newId('api_key'), newSecret()];
    await database.forTenant(tenantId, async (tx) => {
      const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
      await tx.change(insertPrincipal, [tenantId, id, 'person', 'Somebody else']);
      await tx.change(grantRole, [tenantId, home.id, id, role]);
      await tx.change(insertApiKey, [tenantId, keyId, sha256, id, 'tests']);
    });
    return new CellApi(state.url, apiKeyToken(tenantId, keyId, secret));
  } finally {
    await database.close();
  }
}
