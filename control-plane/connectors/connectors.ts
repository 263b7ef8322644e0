import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { findConnectorVersion, insertConnectorVersion, listConnectorVersions } from './queries.ts';
import type { ConnectorVersionRow } from './queries.ts';
import type { SchemaChecks } from './schema-checks.ts';

export interface ConnectorsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly checks: SchemaChecks;
  /** `manifest.schema.json`. */
  readonly schema: object;
}

/** Manifests of connectors, by version. A published version never changes: instances are pinned to its digest. */
export class Connectors {
  readonly #parts: ConnectorsParts;

  constructor(parts: ConnectorsParts) {
    this.#parts = parts;
  }

  async publishConnector({ principal, body }: Call<'publishConnector'>): Promise<Answer<'publishConnector'>> {
    const manifest = this.#checked(body.manifest);
    const text = canonicalText(manifest);
    const digest = digestOfBytes(text);
    const row = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const inserted = await tx.change(insertConnectorVersion, [principal.tenantId, manifest.name, manifest.version, digest, text, principal.id]);
      const published = await tx.one<ConnectorVersionRow>(findConnectorVersion, [principal.tenantId, manifest.name, manifest.version]);
      if (published.manifest_digest !== digest) throw new ApiError('connector_version_changed', `${manifest.name} ${manifest.version} is published with other content.`);
      if (inserted === 1) {
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'connector.published', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
          actor: actorOf(principal), subject: { kind: 'connector', id: manifest.name }, data: { version: manifest.version, manifest_digest: digest },
        });
      }
      return published;
    });
    return { status: 201, body: versionOf(row) };
  }

  async listConnectors({ principal }: Call<'listConnectors'>): Promise<Answer<'listConnectors'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ConnectorVersionRow>(listConnectorVersions, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(versionOf) } };
  }

  #checked(value: unknown): ConnectorManifest {
    const { checks, schema } = this.#parts;
    const shape = checks.check('manifest.schema.json', schema, value);
    if (shape.length > 0) throw invalid(shape);
    // The schema was checked right above.
    const manifest = value as ConnectorManifest;
    const schemas = embeddedSchemas(manifest).flatMap(({ field, schema: embedded }) => {
      const problem = checks.problemOf(embedded);
      return problem === null ? [] : [{ field, code: 'schema_invalid', message: `This is no JSON Schema: ${problem}.` }];
    });
    if (schemas.length > 0) throw invalid(schemas);
    return manifest;
  }
}

function embeddedSchemas(manifest: ConnectorManifest): Array<{ field: string; schema: object }> {
  return [
    ...Object.entries(manifest.actions).flatMap(([name, action]) => [
      { field: `/manifest/actions/${name}/parameters`, schema: action.parameters }, { field: `/manifest/actions/${name}/output`, schema: action.output }]),
    ...Object.entries(manifest.triggers ?? {}).map(([name, trigger]) => ({ field: `/manifest/triggers/${name}/payload`, schema: trigger.payload })),
  ];
}

function invalid(problems: FieldProblem[]): ApiError {
  const errors = problems.map((problem) => ({ ...problem, field: problem.field.startsWith('/manifest') ? problem.field : `/manifest${problem.field}` }));
  return new ApiError('manifest_invalid', `${errors.length} problem(s); the first at ${errors[0]?.field ?? ''}: ${errors[0]?.message ?? ''}`, { errors });
}

function versionOf(row: ConnectorVersionRow): { connector: string; version: string; manifest_digest: string; published_at: string } {
  return { connector: row.connector, version: row.version, manifest_digest: row.manifest_digest, published_at: row.published_at.toISOString() };
}
