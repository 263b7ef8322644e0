import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { rememberSchedule } from '../schedules/queries.ts';
import { refuseOverQuota } from '../tenancy/refuse-over-quota.ts';
import type { KnownWorkflows } from './action-checks.ts';
import { compileWorkflow } from './compile.ts';
import { activate, findEnvironment, findVersion, findVersionByDigest, findWorkflow, insertVersion, insertWorkflow, listWorkflows, lockWorkflow, newestManifests, poolNames, startedByWorkflows } from './queries.ts';
import type { ManifestRow, StartedRow, VersionRow, WorkflowRow } from './queries.ts';

type WorkflowVersion = components['schemas']['WorkflowVersion'];

export interface WorkflowsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly checks: SchemaChecks;
  /** `workflow.schema.json`. */
  readonly schema: object;
}

/** What may run: versions, published once and never changed, and which of them each environment runs. */
export class Workflows {
  readonly #parts: WorkflowsParts;

  constructor(parts: WorkflowsParts) {
    this.#parts = parts;
  }

  async publishWorkflow({ principal, body: source }: Call<'publishWorkflow'>): Promise<Answer<'publishWorkflow'>> {
    const body = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const definition = await this.#compile(tx, principal, source);
      return this.#publish(tx, principal, source, definition);
    });
    return { status: 201, body };
  }

  async listWorkflows({ principal }: Call<'listWorkflows'>): Promise<Answer<'listWorkflows'>> {
    const items = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<WorkflowRow>(listWorkflows, [principal.tenantId, principal.workspaceId]));
    return { status: 200, body: { items } };
  }

  async getWorkflowVersion({ principal, path }: Call<'getWorkflowVersion'>): Promise<Answer<'getWorkflowVersion'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, (tx) =>
      tx.maybeOne<VersionRow>(findVersion, [principal.tenantId, principal.workspaceId, path.workflow_id, path.version]));
    if (row === undefined) throw new ApiError('not_found', 'There is no such workflow version.');
    return { status: 200, body: versionOf(row) };
  }

  async activateWorkflow({ principal, path, body }: Call<'activateWorkflow'>): Promise<Answer<'activateWorkflow'>> {
    const { tenantId, workspaceId } = principal;
    const enabled = body.enabled ?? true;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(findWorkflow, [tenantId, workspaceId, path.workflow_id]) === undefined) throw new ApiError('not_found', 'There is no such workflow.');
      const version = await tx.maybeOne<VersionRow>(findVersion, [tenantId, workspaceId, path.workflow_id, body.version]);
      if (version === undefined) throw new ApiError('workflow_not_published', `This workflow has no version ${body.version}.`);
      const environment = await tx.one<{ id: string }>(findEnvironment, [tenantId, workspaceId, path.environment]);
      await tx.change(activate, [tenantId, path.workflow_id, environment.id, body.version, enabled, principal.id]);
      await tx.change(rememberSchedule, [tenantId, newId('schedule'), path.workflow_id, environment.id, body.version]);
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'workflow.activated', tenant_id: tenantId, workspace_id: workspaceId, run_id: null,
        actor: actorOf(principal), subject: { kind: 'workflow', id: path.workflow_id },
        data: { environment: path.environment, version: body.version, digest: version.digest, enabled },
      });
    });
    return { status: 200, body: { version: body.version, enabled } };
  }

  async #compile(tx: Transaction, principal: Principal, source: string): Promise<WorkflowDefinition> {
    const rows = await tx.rows<ManifestRow>(newestManifests, [principal.tenantId]);
    const manifests = new Map(rows.map((row) => [row.connector, { manifest: row.manifest, digest: row.manifest_digest }]));
    const pools = new Set((await tx.rows<{ name: string }>(poolNames, [principal.tenantId, principal.workspaceId])).map(({ name }) => name));
    const compiled = compileWorkflow(source, { schema: this.#parts.schema, checks: this.#parts.checks, manifests, pools, workflows: await this.#known(tx, principal) });
    if ('definition' in compiled) return compiled.definition;
    const [first] = compiled.problems;
    throw new ApiError('workflow_invalid', `${compiled.problems.length} problem(s); the first in line ${first?.line ?? 1}: ${first?.message ?? ''}`, { errors: compiled.problems });
  }

  async #known(tx: Transaction, { tenantId, workspaceId }: Principal): Promise<KnownWorkflows> {
    const rows = await tx.rows<StartedRow>(startedByWorkflows, [tenantId, workspaceId]);
    return new Map(rows.map(({ name, starts }) => [name, starts]));
  }

  /** The digest is of the source's bytes: the same bytes are the same version, whoever sends them and how often. */
  async #publish(tx: Transaction, principal: Principal, source: string, definition: WorkflowDefinition): Promise<WorkflowVersion> {
    const { tenantId, workspaceId } = principal;
    const digest = digestOfBytes(source);
    if (await tx.maybeOne(lockWorkflow, [tenantId, workspaceId, definition.name]) === undefined) {
      await refuseOverQuota(tx, tenantId, 'workflows');
      await tx.change(insertWorkflow, [tenantId, newId('workflow'), workspaceId, definition.name]);
    }
    const { id } = await tx.one<{ id: string }>(lockWorkflow, [tenantId, workspaceId, definition.name]);
    const same = await tx.maybeOne<VersionRow>(findVersionByDigest, [tenantId, id, digest]);
    if (same !== undefined) return versionOf(same);
    const { version, published_at } = await tx.one<{ version: number; published_at: Date }>(insertVersion, [tenantId, id, digest, source, JSON.stringify(definition), principal.id]);
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'workflow.published', tenant_id: tenantId, workspace_id: workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'workflow', id }, data: { name: definition.name, version, digest },
    });
    return versionOf({ workflow_id: id, name: definition.name, version, digest, source, published_at, published_by: principal.id });
  }
}

function versionOf(row: VersionRow): WorkflowVersion {
  return { ...row, published_at: row.published_at.toISOString() };
}
