import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import type { AgentState } from '@countersign/contracts/states/transitions.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Call, Handlers } from '../../api/operation.ts';
import { actorOf } from '../../identity/principal.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Notifier } from '../../live/notifier.ts';
import { moveAgent } from '../identity/agent-state.ts';
import type { TokenRow } from '../identity/repository-tokens.ts';
import type { EnrolmentTokens } from '../identity/tokens.ts';
import { clearAlarms } from '../session/repository-alarms.ts';
import { agentView } from './agent-view.ts';
import { Pools } from './pools.ts';
import { listAgents } from './repository-agents-shown.ts';
import type { AgentRow } from './repository-agents-shown.ts';

type Agent = components['schemas']['Agent'];
type AgentToken = components['schemas']['AgentToken'];

export interface AgentsApiParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly tokens: EnrolmentTokens;
}

export type AgentsOperation = 'listAgentPools' | 'createAgentPool' | 'updateAgentPool' | 'deleteAgentPool' | 'listAgentTokens' | 'createAgentToken' | 'revokeAgentToken'
  | 'listAgents' | 'getAgent' | 'drainAgent' | 'resumeAgent' | 'revokeAgent';

/** Pools, the tokens that enrol agents into them, and the agents, for people and programs. */
export class AgentsApi {
  readonly handlers: Pick<Handlers, AgentsOperation>;
  readonly #parts: AgentsApiParts;

  constructor(parts: AgentsApiParts) {
    const { tokens } = parts;
    const pools = new Pools(parts);
    this.#parts = parts;
    this.handlers = {
      listAgentPools: (call) => pools.listAgentPools(call),
      createAgentPool: (call) => pools.createAgentPool(call),
      updateAgentPool: (call) => pools.updateAgentPool(call),
      deleteAgentPool: (call) => pools.deleteAgentPool(call),
      listAgentTokens: async ({ principal }) => ({ status: 200, body: { items: (await tokens.list(principal)).map(tokenView) } }),
      createAgentToken: async ({ principal, body }) => {
        const { row, token } = await tokens.create(principal, body.pool_id);
        return { status: 201, body: { ...tokenView(row), token } };
      },
      revokeAgentToken: async ({ principal, path }) => {
        await tokens.revoke(principal, path.token_id);
        return { status: 204 };
      },
      listAgents: async ({ principal, query }) => ({ status: 200, body: { items: await this.#read(principal, { poolId: query.pool_id ?? null, agentId: null, revoked: query.revoked ?? false }) } }),
      getAgent: async ({ principal, path }) => ({ status: 200, body: await this.#find(principal, path.agent_id) }),
      drainAgent: async (call) => ({ status: 200, body: await this.#move(call, 'draining') }),
      resumeAgent: async (call) => ({ status: 200, body: await this.#move(call, 'active') }),
      revokeAgent: async (call) => ({ status: 200, body: await this.#move(call, 'revoked') }),
    };
  }

  /** Open connections of a revoked agent end by the hint, or by what the listener looks at within the second. */
  async #move({ principal, path, body }: Call<'drainAgent' | 'resumeAgent' | 'revokeAgent'>, to: AgentState): Promise<Agent> {
    const { database, clock, notifier } = this.#parts;
    const { tenantId, workspaceId } = principal;
    const agentId = path.agent_id;
    await database.forTenant(tenantId, async (tx) => {
      const moved = await moveAgent(tx, { at: clock.now(), tenantId, workspaceId, agentId, to, actor: actorOf(principal), reason: body.reason });
      if (moved.kind === 'missing') throw noSuchAgent();
      if (moved.kind === 'refused') throw new ApiError('agent_state', `The agent is ${moved.state}.`);
      if (to !== 'draining') await clearAlarms(tx, tenantId, agentId);
    });
    notifier.agent({ tenant_id: tenantId, agent_id: agentId, about: 'state', order_id: null });
    notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'agent', id: agentId, state: to });
    return this.#find(principal, agentId);
  }

  async #find(principal: Principal, agentId: string): Promise<Agent> {
    const [agent] = await this.#read(principal, { poolId: null, agentId, revoked: true });
    if (agent === undefined) throw noSuchAgent();
    return agent;
  }

  #read({ tenantId, workspaceId }: Principal, { poolId, agentId, revoked }: { readonly poolId: string | null; readonly agentId: string | null; readonly revoked: boolean }): Promise<Agent[]> {
    return this.#parts.database.forTenant(tenantId, async (tx) => (await tx.rows<AgentRow>(listAgents, [tenantId, workspaceId, poolId, agentId, revoked, AGENT_LOST_MS / 1000])).map(agentView));
  }
}

function noSuchAgent(): ApiError {
  return new ApiError('not_found', 'There is no such agent in this workspace.');
}

function tokenView({ created_at, expires_at, used_at, ...token }: TokenRow): AgentToken {
  return { ...token, created_at: created_at.toISOString(), expires_at: expires_at.toISOString(), used_at: used_at?.toISOString() ?? null };
}
