import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { parseAllowedHost } from '@countersign/platform/egress/allow-list.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { isDeclared } from '@countersign/contracts/connectors/binding-problems.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { poolOfEnvironment } from '../agents/pools/repository-pools.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { findEnvironment } from '../workflows/queries.ts';
import { findConnectorVersion, findCredentialKind, insertInstance, insertInstanceDirectory, listInstances } from './queries.ts';
import type { ConnectorVersionWithManifest, InstanceListRow } from './queries.ts';
import { shownHealth } from './instance-health.ts';
import { packageState } from './package-state.ts';
import { assertReadable } from './reach.ts';
import { installedPackages, newestManifests, publishedManifests } from './repository-instance-packages.ts';
import type { InstalledPackage, PublishedManifest } from './repository-instance-packages.ts';

type NewInstance = components['schemas']['NewInstance'];
type Instance = components['schemas']['Instance'];

export interface InstancesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly publicUrl: string;
}

/** Systems of record that workflows run against. */
export class Instances {
  readonly #parts: InstancesParts;

  constructor(parts: InstancesParts) {
    this.#parts = parts;
  }

  async createInstance({ principal, body }: Call<'createInstance'>): Promise<Answer<'createInstance'>> {
    const { tenantId, workspaceId } = principal;
    assertPlaceFits(body);
    const allowedHosts = allowedHostsOf(body);
    const id = newId('connector_instance');
    try {
      await this.#parts.database.forTenant(tenantId, async (tx) => {
        const version = await tx.maybeOne<ConnectorVersionWithManifest>(findConnectorVersion, [tenantId, body.connector, body.connector_version]);
        if (version === undefined) throw new ApiError('connector_unknown', `${body.connector} ${body.connector_version} is not published here.`);
        assertReadable(body, allowedHosts, version.manifest);
        await checkCredentials(tx, principal, body, version.manifest);
        const environment = await tx.one<{ id: string }>(findEnvironment, [tenantId, workspaceId, body.environment]);
        await checkPool(tx, tenantId, environment.id, body.pool_id ?? null);
        await tx.change(insertInstanceDirectory, [id, tenantId]);
        await tx.change(insertInstance, [
          tenantId, id, workspaceId, environment.id, body.connector, body.connector_version, version.manifest_digest, body.name, body.base_url ?? null,
          JSON.stringify(allowedHosts), JSON.stringify(body.settings ?? {}), body.credential_id ?? null, body.webhook_credential_id ?? null,
          body.shared_secret_credential_id ?? null, JSON.stringify(body.connection ?? {}), version.package_digest, body.pool_id ?? null,
        ]);
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'instance.created', tenant_id: tenantId, workspace_id: workspaceId, run_id: null,
          actor: actorOf(principal), subject: { kind: 'instance', id },
          data: {
            connector: body.connector, connector_version: body.connector_version, manifest_digest: version.manifest_digest, package_digest: version.package_digest, environment: body.environment,
            allowed_hosts: allowedHosts, credential_id: body.credential_id ?? null, webhook_credential_id: body.webhook_credential_id ?? null,
            ...(typeof body.pool_id === 'string' ? { pool_id: body.pool_id } : {}),
          },
        });
      });
    } catch (error) {
      if (violates(error, 'instance_name_is_unique_in_its_environment')) throw new ApiError('name_taken', `An instance named ${body.name} exists in ${body.environment}.`, { cause: error });
      throw error;
    }
    return { status: 201, body: await this.find(principal, id) };
  }

  async listInstances({ principal }: Call<'listInstances'>): Promise<Answer<'listInstances'>> {
    return { status: 200, body: { items: await this.#read(principal, null) } };
  }

  /** @throws ApiError `not_found` */
  async find(principal: Principal, id: string): Promise<Instance> {
    const [instance] = await this.#read(principal, id);
    if (instance === undefined) throw new ApiError('not_found', `There is no instance ${id} in this workspace.`);
    return instance;
  }

  #read({ tenantId, workspaceId }: Principal, id: string | null): Promise<Instance[]> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const rows = await tx.rows<InstanceListRow>(listInstances, [tenantId, workspaceId, id]);
      const loaded = (await tx.maybeOne<{ connectors: InstalledPackage[] }>(installedPackages, []))?.connectors ?? [];
      const installed = [...loaded, ...await declaredPackages(tx, tenantId, rows, loaded)];
      const wanted = [...rows.map((row) => [row.connector, row.connector_version] as const), ...installed.map(({ name, version }) => [name, version] as const)];
      const unique = [...new Map(wanted.map((pair) => [pair.join(' '), pair])).values()];
      const published = await tx.rows<PublishedManifest>(publishedManifests, [tenantId, unique.map(([connector]) => connector), unique.map(([, version]) => version)]);
      return rows.map((row) => this.#shown(row, installed.find(({ name }) => name === row.connector) ?? null, published));
    });
  }

  #shown({ manifest_digest, package_digest, circuit, last_failure_code, probe_at, blocked_until, window_limit, window_count, window_ends_at, window_source, ...row }: InstanceListRow, installed: InstalledPackage | null, published: readonly PublishedManifest[]): Instance {
    return {
      ...row, webhook_url: `${this.#parts.publicUrl}/api/v1/ingest/${row.connector}/${row.id}`,
      health: shownHealth({ circuit, last_failure_code, probe_at, blocked_until, window_limit, window_count, window_ends_at, window_source }),
      package: packageState({ ...row, manifest_digest, package_digest }, installed, published),
    };
  }
}

/** A manifest without code needs no worker to load it: the newest that is published is installed. */
async function declaredPackages(tx: Transaction, tenantId: string, rows: readonly InstanceListRow[], loaded: readonly InstalledPackage[]): Promise<InstalledPackage[]> {
  const others = [...new Set(rows.map(({ connector }) => connector))].filter((connector) => !loaded.some(({ name }) => name === connector));
  if (others.length === 0) return [];
  const newest = await tx.rows<PublishedManifest>(newestManifests, [tenantId, others]);
  return newest.filter(({ manifest }) => isDeclared(manifest)).map(({ connector, version, manifest_digest }) => ({ name: connector, version, manifest_digest, package_digest: null, declared: true }));
}

/**
 * What egress may reach, in its own grammar. None named is the host of the base URL at public addresses: only who names a host opens
 * addresses inside for it, so that a public name which one day leads inside reaches nothing.
 */
function allowedHostsOf({ base_url, allowed_hosts: hosts = [] }: NewInstance): string[] {
  if (typeof base_url === 'string') assertHttp(base_url);
  for (const [index, entry] of hosts.entries()) {
    const read = parseAllowedHost(entry);
    if ('problem' in read) throw fieldInvalid(`/allowed_hosts/${index}`, read.problem);
  }
  return hosts;
}

function assertHttp(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw fieldInvalid('/base_url', 'Use an http or https URL.');
  if (url.username !== '' || url.password !== '') throw fieldInvalid('/base_url', 'Leave user and password out: store them as a credential.');
}

/** Where an instance of a pool is, and what signs in there, is for the agents alone to know: nothing said here could widen what they reach. */
function assertPlaceFits({ pool_id, base_url, allowed_hosts, connection, credential_id }: NewInstance): void {
  if (typeof pool_id !== 'string') return;
  const said = { base_url: base_url ?? undefined, allowed_hosts: allowed_hosts?.length === 0 ? undefined : allowed_hosts, connection, credential_id: credential_id ?? undefined };
  const errors = Object.entries(said).filter(([, value]) => value !== undefined).map(([name]) => ({ field: `/${name}`, code: 'not_with_a_pool', message: 'Leave it out: it stands in the configuration of the agents.' }));
  if (errors.length > 0) throw new ApiError('request_invalid', 'An instance that is reached by a pool of agents has no address and no credential here.', { errors });
}

async function checkPool(tx: Transaction, tenantId: string, environmentId: string, poolId: string | null): Promise<void> {
  if (poolId === null || await tx.maybeOne(poolOfEnvironment, [tenantId, environmentId, poolId]) !== undefined) return;
  throw new ApiError('pool_unknown', 'There is no such pool of agents in the environment of the instance.', { errors: [{ field: '/pool_id', code: 'pool_unknown', message: 'Name a pool of the same environment by its apl_ id.' }] });
}

/** Only those of the workspace: whoever names the host would otherwise have another workspace's secret sent to it. */
async function checkCredentials(tx: Transaction, { tenantId, workspaceId }: Principal, body: NewInstance, manifest: ConnectorManifest): Promise<void> {
  const kinds = manifest.credentials.filter((kind) => kind !== 'none');
  const wanted: Array<[string, string | null | undefined, readonly string[]]> = [
    ['credential_id', body.credential_id, kinds],
    ['webhook_credential_id', body.webhook_credential_id, ['webhook_secret']],
    ['connection/client_certificate_id', body.connection?.client_certificate_id, ['client_certificate']],
    ['connection/proxy_credential_id', body.connection?.proxy_credential_id, ['basic']],
    ['shared_secret_credential_id', body.shared_secret_credential_id, ['webhook_secret']],
  ];
  for (const [field, id, allowed] of wanted) {
    if (id === null || id === undefined) continue;
    const credential = await tx.maybeOne<{ kind: string }>(findCredentialKind, [tenantId, id, workspaceId]);
    if (credential !== undefined && allowed.includes(credential.kind)) continue;
    throw new ApiError('credential_unknown', `${field} names no credential of a kind that fits here (${allowed.join(', ') || 'none'}).`, {
      errors: [{ field: `/${field}`, code: 'credential_unknown', message: 'Store a credential of that kind and name it by its cred_ id.' }],
    });
  }
}

function fieldInvalid(field: string, message: string): ApiError {
  return new ApiError('request_invalid', 'The body does not fit.', { errors: [{ field, code: 'invalid', message }] });
}
