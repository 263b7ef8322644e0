import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { insertSession } from '@countersign/control-plane/identity/sessions/queries.ts';
import { grantRole, insertPrincipal } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { insertApiKey } from '@countersign/control-plane/identity/queries.ts';
import { accessToken, apiKeyToken, newSecret, sessionToken } from '@countersign/control-plane/identity/tokens.ts';

/** By what a caller shows who it is. */
export type CredentialKind = 'key' | 'session' | 'token';

export interface Caller {
  readonly principalId: string;
  readonly role: string;
  readonly by: CredentialKind;
  readonly headers: Readonly<Record<string, string>>;
}

const insertToken: Statement = {
  name: 'isolation.insert_token',
  text: `INSERT INTO control.access_tokens (tenant_id, id, secret_sha256, principal_id, source, source_id, scopes, expires_at)
         SELECT $1, $2, $3, $4, 'client', $5, $6::text[], clock_timestamp() + interval '1 hour'`,
};

/** A principal with one role, and its credentials of the kinds that are asked for. */
export async function makeCallers(database: Database, { tenantId, workspaceId }: { readonly tenantId: string; readonly workspaceId: string }, role: string, permissions: readonly string[], kinds: readonly CredentialKind[], publicUrl: string): Promise<Caller[]> {
  const principalId = newId('principal');
  const [id, { secret, sha256 }] = [{ key: newId('api_key'), session: newId('session'), token: newId('access_token') }, newSecret()];
  const makers: Record<CredentialKind, { statement: Statement; values: unknown[]; headers: Record<string, string> }> = {
    key: { statement: insertApiKey, values: [tenantId, id.key, sha256, principalId, 'walk'], headers: { authorization: `Bearer ${apiKeyToken(tenantId, id.key, secret)}` } },
    session: {
      statement: insertSession, values: [tenantId, id.session, sha256, principalId, 'passkey', 'passkey', null, null, [], null, null, null, null],
      headers: { cookie: `countersign_session=${sessionToken(tenantId, id.session, secret)}`, origin: publicUrl, 'x-countersign-csrf': '1' },
    },
    token: { statement: insertToken, values: [tenantId, id.token, sha256, principalId, newId('oauth_client'), permissions], headers: { authorization: `Bearer ${accessToken(tenantId, id.token, secret)}` } },
  };
  await database.forTenant(tenantId, async (tx) => {
    await tx.change(insertPrincipal, [tenantId, principalId, 'person', `Walks as ${role}`]);
    await tx.change(grantRole, [tenantId, workspaceId, principalId, role]);
    for (const kind of kinds) await tx.change(makers[kind].statement, makers[kind].values);
  });
  return kinds.map((by) => ({ principalId, role, by, headers: makers[by].headers }));
}
