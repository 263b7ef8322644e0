import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { InstanceView } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { jsonb } from '../contents/jsonb.ts';

const enabledInstances: Statement = {
  name: 'instances.enabled',
  text: `
    SELECT i.id, i.name, i.connector, i.connector_version, i.manifest_digest, i.package_digest, i.base_url, i.allowed_hosts, i.settings, i.credential_id, i.connection,
           i.pool_id, p.name AS pool_name, p.order_valid_ms
      FROM control.connector_instances i
      LEFT JOIN control.agent_pools p ON p.tenant_id = i.tenant_id AND p.id = i.pool_id
     WHERE i.tenant_id = $1 AND i.environment_id = $2 AND i.connector = $3 AND i.enabled
       AND ($4::text IS NULL OR i.name = $4) AND ($5::text IS NULL OR i.id = $5) AND ($6::text IS NULL OR p.name = $6)
     ORDER BY i.name LIMIT 2`,
};

interface InstanceRow {
  id: string; name: string; connector: string; connector_version: string; manifest_digest: string; package_digest: string | null; base_url: string | null;
  allowed_hosts: string[]; settings: JsonObject; credential_id: string | null;
  pool_id: string | null; pool_name: string | null; order_valid_ms: number | null;
  connection: { ca_pem?: string | null; client_certificate_id?: string | null; proxy_url?: string | null; proxy_credential_id?: string | null; proxy_resolves_names?: boolean };
}

/** Which instance is meant: by its name or its id, and of those in a pool of agents alone. */
export interface InstanceChoice {
  readonly name?: string | null;
  readonly id?: string | null;
  readonly pool?: string | undefined;
}

/** The instance of that name or id; without both the only one. Null when there is none, or when more than one could be meant. */
export async function readInstance(tx: Transaction, call: CallIdentity, connector: string, { name = null, id = null, pool }: InstanceChoice): Promise<InstanceView | null> {
  const [row, another] = await tx.rows<InstanceRow>(enabledInstances, [call.tenant.id, call.environment.id, connector, name, id, pool ?? null]);
  if (row === undefined || another !== undefined) return null;
  return {
    id: row.id, name: row.name, connector: row.connector, connectorVersion: row.connector_version, manifestDigest: row.manifest_digest, packageDigest: row.package_digest,
    baseUrl: row.base_url, allowedHosts: row.allowed_hosts, settings: row.settings, credentialId: row.credential_id,
    connection: {
      caPem: row.connection.ca_pem ?? null, clientCertificateId: row.connection.client_certificate_id ?? null,
      proxyUrl: row.connection.proxy_url ?? null, proxyCredentialId: row.connection.proxy_credential_id ?? null,
      proxyResolvesNames: row.connection.proxy_resolves_names ?? false,
    },
    pool: row.pool_id === null ? null : { id: row.pool_id, name: row.pool_name ?? '', orderValidMs: row.order_valid_ms ?? 0 },
  };
}

const credential: Statement = { name: 'credentials.read', text: 'SELECT id, kind, sealed, secret_ref, version FROM control.credentials WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL' };

export interface StoredCredential {
  readonly id: string;
  readonly kind: string;
  readonly sealed: Buffer | null;
  readonly secret_ref: string | null;
  readonly version: number;
}

export function readCredential(tx: Transaction, tenantId: string, id: string): Promise<StoredCredential | undefined> {
  return tx.maybeOne(credential, [tenantId, id]);
}

const latestModel: Statement = {
  name: 'models.latest',
  text: `
    SELECT id, version, digest, object_key FROM execution.models
     WHERE tenant_id = $1 AND workspace_id = $2 AND instance_id = $3 ORDER BY version DESC LIMIT 1`,
};

export function readLatestModel(tx: Transaction, call: CallIdentity, instanceId: string): Promise<{ id: string; version: number; digest: string; object_key: string } | undefined> {
  return tx.maybeOne(latestModel, [call.tenant.id, call.workspace.id, instanceId]);
}

const insertModel: Statement = {
  name: 'models.insert',
  text: `
    WITH held AS (
      SELECT id FROM execution.steps WHERE tenant_id = $1 AND id = $9 AND fence = $10::bigint AND state = 'leased' AND lease_expires_at > clock_timestamp() FOR NO KEY UPDATE
    ), trained AS (
      INSERT INTO execution.models (tenant_id, id, workspace_id, instance_id, version, digest, object_key, labelled_count, metrics, trained_by_run_id)
      SELECT $1, $2, $3, $4, coalesce((SELECT max(version) FROM execution.models WHERE tenant_id = $1 AND workspace_id = $3 AND instance_id = $4), 0) + 1, $5, $6, $7::int, $8::jsonb, $11
        FROM held
      RETURNING version
    ), ${auditStep(12)}
    SELECT (SELECT version FROM trained) AS version, (SELECT count(*) FROM audited) AS events`,
};

export interface NewModel {
  readonly id: string;
  readonly instanceId: string;
  readonly digest: string;
  readonly objectKey: string;
  readonly labelledCount: number;
  readonly metrics: JsonObject;
}

/** Gives the model's version, or null when the lease is gone. */
export async function insertModelRow(tx: Transaction, call: CallIdentity, model: NewModel, events: readonly NewAuditEvent[], at: Date): Promise<number | null> {
  const { version } = await tx.one<{ version: number | null }>(insertModel, [
    call.tenant.id, model.id, call.workspace.id, model.instanceId, model.digest, model.objectKey, model.labelledCount, jsonb(model.metrics),
    call.step.id, call.step.fence, call.run.id, ...auditValues(events, at),
  ]);
  return version;
}

const priceOverrides: Statement = {
  name: 'prices.overrides',
  text: `
    SELECT meter, unit, nullif(model, '') AS model, trim_scale(usd_per_unit)::text AS usd_per_unit, from_day AS from, source
      FROM control.price_overrides WHERE tenant_id = $1 ORDER BY meter, unit, model, from_day`,
};

/** What admins of the tenant have set. */
export async function readPriceOverrides(tx: Transaction, tenantId: string): Promise<PriceRow[]> {
  const rows = await tx.rows<Omit<PriceRow, 'model'> & { model: string | null }>(priceOverrides, [tenantId]);
  return rows.map(({ model, ...row }) => (model === null ? row : { ...row, model }));
}

const declaredManifest: Statement = {
  name: 'connectors.declared_manifest',
  text: `
    SELECT manifest FROM control.connector_versions
     WHERE tenant_id = $1 AND connector = $2 AND version = $3 AND manifest_digest = $4 AND package_digest IS NULL`,
};

/** The manifest that an instance is pinned to, where it was published without code. */
export async function readDeclaredManifest(tx: Transaction, tenantId: string, instance: InstanceView): Promise<unknown> {
  const row = await tx.maybeOne<{ manifest: unknown }>(declaredManifest, [tenantId, instance.connector, instance.connectorVersion, instance.manifestDigest]);
  return row?.manifest;
}
