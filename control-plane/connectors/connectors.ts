import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { bindingProblems, isDeclared } from '@countersign/contracts/connectors/binding-problems.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { completeConnectorVersion, findConnectorVersion, insertConnectorVersion, listConnectorVersions } from './queries.ts';
import type { ConnectorVersionRow } from './queries.ts';
import { signedPackage } from './signed-package.ts';
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
      const signed = body.package === undefined ? null : await signedPackage(tx, principal.tenantId, body.package, manifest, digest);
      const inserted = await tx.change(insertConnectorVersion, [principal.tenantId, manifest.name, manifest.version, digest, text, principal.id]);
      // A version that was published as a manifest alone may be given its code once.
      const completed = signed === null ? 0 : await tx.change(completeConnectorVersion, [
        principal.tenantId, manifest.name, manifest.version, digest, signed.digest, JSON.stringify(signed.files), JSON.stringify(signed.signature), signed.kid,
      ]);
      const published = await tx.one<ConnectorVersionRow>(findConnectorVersion, [principal.tenantId, manifest.name, manifest.version]);
      refuseOther(published, digest, signed?.digest ?? null);
      if (inserted + completed > 0) {
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'connector.published', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
          actor: actorOf(principal), subject: { kind: 'connector', id: manifest.name },
          data: { version: manifest.version, manifest_digest: digest, ...(signed === null ? {} : { package_digest: signed.digest, publisher_kid: signed.kid }) },
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
    // Without any code the manifest is all there is, so what its bindings name must be there.
    if (isDeclared(manifest)) throwIfAny(bindingProblems(manifest).map(bindingProblem));
    return manifest;
  }
}

function throwIfAny(problems: FieldProblem[]): void {
  if (problems.length > 0) throw invalid(problems);
}

/** `/actions/asset.get/http/path names {x}, which ...` as a field and what is wrong with it. */
function bindingProblem(problem: string): FieldProblem {
  const at = problem.indexOf(' ');
  return { field: problem.slice(0, at), code: 'binding_invalid', message: problem.slice(at + 1) };
}

function refuseOther({ connector, version, manifest_digest, package_digest }: ConnectorVersionRow, manifestDigest: string, packageDigest: string | null): void {
  const what = manifest_digest !== manifestDigest ? 'another manifest' : packageDigest !== null && package_digest !== packageDigest ? 'other code' : null;
  if (what === null) return;
  throw new ApiError('connector_version_changed', `${connector} ${version} is published with ${what}.`, {
    members: { current_manifest_digest: manifest_digest, current_package_digest: package_digest ?? 'none' },
  });
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

function versionOf(row: ConnectorVersionRow): components['schemas']['ConnectorVersion'] {
  const { connector, version, manifest_digest, package_digest, publisher_kid } = row;
  return { connector, version, manifest_digest, package_digest, publisher_kid, published_at: row.published_at.toISOString() };
}
