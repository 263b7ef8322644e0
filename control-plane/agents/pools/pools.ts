import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Principal } from '../../identity/principal.ts';
import { findEnvironment } from '../../workflows/queries.ts';
import { deletePool, findPool, insertPool, listPools, updatePool } from './repository-pools.ts';
import type { PoolBefore, PoolRow } from './repository-pools.ts';

type AgentPool = components['schemas']['AgentPool'];

const ORDER_VALID_MS = 60_000;
/** What names a pool. */
const IN_A_POOL = ['agent_is_in_a_pool', 'token_enrols_into_a_pool', 'instance_is_reached_by_a_pool'];

export interface PoolsParts {
  readonly database: Database;
  readonly clock: Clock;
}

/** Named sets of agents of one environment: what workflows and instances are placed in. */
export class Pools {
  readonly #parts: PoolsParts;

  constructor(parts: PoolsParts) {
    this.#parts = parts;
  }

  async listAgentPools({ principal }: Call<'listAgentPools'>): Promise<Answer<'listAgentPools'>> {
    return { status: 200, body: { items: await this.#read(principal, null) } };
  }

  async createAgentPool({ principal, body }: Call<'createAgentPool'>): Promise<Answer<'createAgentPool'>> {
    const { tenantId, workspaceId } = principal;
    const { name, environment, order_valid_ms = ORDER_VALID_MS } = body;
    const id = newId('agent_pool');
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const { id: environmentId } = await tx.one<{ id: string }>(findEnvironment, [tenantId, workspaceId, environment]);
      await tx.change(insertPool, [tenantId, id, workspaceId, environmentId, name, order_valid_ms, principal.id]);
      await auditBy(tx, this.#parts.clock, principal, { type: 'agent_pool.changed', subject: { kind: 'agent_pool', id }, data: { change: 'created', pool: name, environment, order_valid_ms } });
    }).catch((error: unknown) => {
      if (violates(error, 'pool_name_is_unique_in_its_environment')) throw new ApiError('name_taken', `A pool named ${name} exists in ${environment}.`, { cause: error });
      throw error;
    });
    return { status: 201, body: await this.#find(principal, id) };
  }

  async updateAgentPool({ principal, path, body }: Call<'updateAgentPool'>): Promise<Answer<'updateAgentPool'>> {
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await tx.maybeOne<PoolBefore>(findPool, [tenantId, workspaceId, path.pool_id]);
      if (before === undefined) throw noSuchPool();
      if (before.order_valid_ms === body.order_valid_ms) return;
      await tx.change(updatePool, [tenantId, path.pool_id, body.order_valid_ms]);
      await auditBy(tx, this.#parts.clock, principal, {
        type: 'agent_pool.changed', subject: { kind: 'agent_pool', id: path.pool_id }, data: { change: 'updated', pool: before.name, order_valid_ms: body.order_valid_ms, was: before.order_valid_ms },
      });
    });
    return { status: 200, body: await this.#find(principal, path.pool_id) };
  }

  async deleteAgentPool({ principal, path }: Call<'deleteAgentPool'>): Promise<Answer<'deleteAgentPool'>> {
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await tx.maybeOne<PoolBefore>(findPool, [tenantId, workspaceId, path.pool_id]);
      if (before === undefined) throw noSuchPool();
      await tx.change(deletePool, [tenantId, path.pool_id]);
      await auditBy(tx, this.#parts.clock, principal, { type: 'agent_pool.changed', subject: { kind: 'agent_pool', id: path.pool_id }, data: { change: 'deleted', pool: before.name } });
    }).catch((error: unknown) => {
      if (IN_A_POOL.some((rule) => violates(error, rule))) throw new ApiError('pool_in_use', 'The pool has agents, tokens or instances, or had.', { cause: error });
      throw error;
    });
    return { status: 204 };
  }

  async #find(principal: Principal, id: string): Promise<AgentPool> {
    const [pool] = await this.#read(principal, id);
    if (pool === undefined) throw noSuchPool();
    return pool;
  }

  #read({ tenantId, workspaceId }: Principal, id: string | null): Promise<AgentPool[]> {
    return this.#parts.database.forTenant(tenantId, async (tx) => (await tx.rows<PoolRow>(listPools, [tenantId, workspaceId, id, AGENT_LOST_MS / 1000])).map(shown));
  }
}

function noSuchPool(): ApiError {
  return new ApiError('not_found', 'There is no such pool of agents in this workspace.');
}

function shown({ active, draining, lost, created_at, ...pool }: PoolRow): AgentPool {
  return { ...pool, created_at: created_at.toISOString(), agents: { active, draining, lost } };
}
