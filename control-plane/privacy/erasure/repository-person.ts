import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface PersonRow {
  readonly id: string;
  readonly display_name: string;
  readonly email: string | null;
  readonly given_name: string | null;
  readonly family_name: string | null;
  readonly scim_user_name: string | null;
}

const COLUMNS = 'id, display_name, email, given_name, family_name, scim_user_name';

export const findPersonById: Statement = {
  name: 'erasure.find_person_by_id',
  text: `SELECT ${COLUMNS} FROM control.principals WHERE tenant_id = $1 AND id = $2 AND kind = 'person'`,
};

export const findPersonByEmail: Statement = {
  name: 'erasure.find_person_by_email',
  text: `SELECT ${COLUMNS} FROM control.principals WHERE tenant_id = $1 AND email_lower = lower($2) AND kind = 'person'`,
};

export const slackNames: Statement = {
  name: 'erasure.slack_names',
  text: 'SELECT DISTINCT slack_name FROM control.slack_links WHERE tenant_id = $1 AND principal_id = $2',
};

export const isLastAdmin: Statement = {
  name: 'erasure.is_last_admin',
  text: `
    SELECT FROM control.role_assignments r WHERE r.tenant_id = $1 AND r.principal_id = $2 AND r.role = 'admin'
       AND NOT EXISTS (SELECT FROM control.role_assignments o JOIN control.principals p ON (p.tenant_id, p.id) = (o.tenant_id, o.principal_id)
                        WHERE o.tenant_id = $1 AND o.role = 'admin' AND o.workspace_id = r.workspace_id AND o.principal_id <> $2 AND p.kind = 'person' AND p.disabled_at IS NULL
                          AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp()))
     LIMIT 1`,
};

/** Each statement takes the tenant and the principal, and gives the ids of the rows that it changed. */
interface Removal {
  readonly place: string;
  readonly action: 'removed' | 'pseudonymised';
  readonly text: string;
}

/** What shuts a person out: at once, before anything is looked for. */
const SHUT_OUT: readonly Removal[] = [
  { place: 'control.sessions', action: 'pseudonymised', text: `
    UPDATE control.sessions t SET revoked_at = coalesce(t.revoked_at, clock_timestamp()), ended_because = coalesce(t.ended_because, 'erased'), user_agent = NULL, address = NULL
     WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id` },
  { place: 'control.api_keys', action: 'pseudonymised', text: `
    UPDATE control.api_keys t SET revoked_at = coalesce(t.revoked_at, clock_timestamp()), name = '(erased)' WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id` },
  { place: 'control.access_tokens', action: 'removed', text: 'DELETE FROM control.access_tokens t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id' },
  { place: 'control.sign_in_links', action: 'removed', text: `DELETE FROM control.sign_in_links t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING left(t.token_sha256, 16) AS id` },
  { place: 'control.sign_in_attempts', action: 'removed', text: 'DELETE FROM control.sign_in_attempts t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id' },
  { place: 'control.passkeys', action: 'removed', text: 'DELETE FROM control.passkeys t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id' },
  { place: 'control.external_identities', action: 'removed', text: 'DELETE FROM control.external_identities t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.id' },
  { place: 'control.slack_links', action: 'removed', text: `DELETE FROM control.slack_links t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.installation || '/' || left(encode(sha256(t.slack_user::bytea), 'hex'), 16) AS id` },
  { place: 'control.group_members', action: 'removed', text: 'DELETE FROM control.group_members t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.group_id AS id' },
  { place: 'control.role_assignments', action: 'removed', text: `DELETE FROM control.role_assignments t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING t.workspace_id || '/' || t.role AS id` },
  { place: 'control.saved_views', action: 'removed', text: 'DELETE FROM control.saved_views t WHERE t.tenant_id = $1 AND t.owner_id = $2 RETURNING t.id' },
  { place: 'control.idempotent_requests', action: 'removed', text: 'DELETE FROM control.idempotent_requests t WHERE t.tenant_id = $1 AND t.principal_id = $2 RETURNING left(t.request_sha256, 16) AS id' },
  { place: 'control.invitations', action: 'removed', text: 'DELETE FROM control.invitations t WHERE t.tenant_id = $1 AND t.accepted_by = $2 RETURNING t.id' },
];

const PSEUDONYMISE: Removal = { place: 'control.principals', action: 'pseudonymised', text: `
    UPDATE control.principals t
       SET display_name = $3, email = NULL, external_id = NULL, scim_user_name = NULL, given_name = NULL, family_name = NULL, locale = NULL,
           disabled_at = coalesce(t.disabled_at, clock_timestamp()), version = t.version + 1, changed_at = clock_timestamp()
     WHERE t.tenant_id = $1 AND t.id = $2 RETURNING t.id` };

export interface Finding {
  readonly place: string;
  readonly row_id: string;
  readonly action: 'removed' | 'pseudonymised' | 'shredded' | 'retained';
  /** Of what is retained: until then nobody removes it. */
  readonly retained_until?: string | null;
}

/** Ends every way in that the person has, and takes their name from what stays of them. Their id stays: the audit and votes refer to it. */
export async function shutOut(tx: Transaction, tenantId: string, principalId: string, pseudonym: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { place, action, text } of [...SHUT_OUT, PSEUDONYMISE]) {
    const values = text === PSEUDONYMISE.text ? [tenantId, principalId, pseudonym] : [tenantId, principalId];
    const rows = await tx.rows<{ id: string }>({ name: `erasure.${place}`, text }, values);
    findings.push(...rows.map(({ id }) => ({ place, action, row_id: id })));
  }
  return findings;
}
