import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { AdmittedAgent } from './admitted-agent.ts';
import type { Presented } from './presented.ts';
import { findAgent } from './repository-admission.ts';
import type { AgentRow } from './repository-admission.ts';

export interface AdmissionParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly tenantStates: TenantStates;
  /** Of this cell. */
  readonly cell: string;
}

/** So long what was read of an agent is believed without being told otherwise: it has to be gone within a second of its revocation. */
const BELIEVED_MS = 250;
const MAX_BELIEVED = 10_000;

/**
 * Who may ask, decided for each request and never for a connection: TLS looks at a certificate once, when the connection is made, and takes an
 * expired one on every request after that.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #believed = new Map<string, { readonly at_ms: number; readonly row: Promise<AgentRow | undefined> }>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** @throws ApiError `certificate_invalid`, `agent_expired`, `agent_revoked`, and as `TenantStates` */
  async admit(presented: Presented, signal: AbortSignal): Promise<AdmittedAgent> {
    if (presented.kind === 'expired') throw agentExpired();
    if (presented.kind !== 'agent') throw new ApiError('certificate_invalid', WHY[presented.kind]);
    const { name, serial, endsAt } = presented;
    if (endsAt <= this.#parts.clock.now()) throw agentExpired();
    if (name.cell !== this.#parts.cell) throw new ApiError('certificate_invalid', `The certificate is of the cell ${name.cell}, and this is ${this.#parts.cell}.`);
    const row = await this.#find(name.tenant_id, name.agent_id, serial);
    if (row === undefined || row.pool_id !== name.pool_id || row.environment_id !== name.environment_id) throw new ApiError('certificate_invalid', 'The certificate names no agent that is known here.');
    if (row.state === 'revoked') throw agentRevoked();
    if (serial !== row.certificate_serial && serial !== row.previous_serial) throw new ApiError('certificate_invalid', 'The agent has newer certificates than this one.');
    await this.#parts.tenantStates.refuseUnlessServed(name.tenant_id);
    return { tenantId: name.tenant_id, workspaceId: row.workspace_id, environmentId: row.environment_id, poolId: row.pool_id, agentId: name.agent_id, serial, endsAt, state: row.state, connection: presented, signal };
  }

  /** Something of the agent has changed: it is read anew. */
  forget(tenantId: string, agentId: string): void {
    this.#believed.delete(`${tenantId}/${agentId}`);
  }

  async #find(tenantId: string, agentId: string, serial: string): Promise<AgentRow | undefined> {
    const now_ms = performance.now();
    const believed = this.#believed.get(`${tenantId}/${agentId}`);
    if (believed !== undefined && now_ms - believed.at_ms < BELIEVED_MS) {
      const row = await believed.row;
      // Another process may have renewed it just now.
      if (serial === row?.certificate_serial || serial === row?.previous_serial) return row;
    }
    const row = this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<AgentRow>(findAgent, [tenantId, agentId]));
    if (this.#believed.size >= MAX_BELIEVED) this.#believed.clear();
    this.#believed.set(`${tenantId}/${agentId}`, { at_ms: now_ms, row });
    row.catch(() => this.forget(tenantId, agentId));
    return row;
  }
}

export function agentExpired(): ApiError {
  return new ApiError('agent_expired', 'The certificate of the agent has ended. Get a token and enrol it again.');
}

export function agentRevoked(): ApiError {
  return new ApiError('agent_revoked', 'The agent was revoked. Only a new enrolment makes an agent of this machine again.');
}

const WHY = {
  none: 'Agents show their certificate when they connect; no certificate came with this connection.',
  invalid: 'The certificate is not one that this cell gives to agents, or it is not valid yet.',
} as const;
