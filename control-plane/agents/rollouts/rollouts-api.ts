import { Ajv2020 } from 'ajv/dist/2020.js';
import schema from '@countersign/contracts/agent/release.schema.json' with { type: 'json' };
import { RELEASE_PAYLOAD } from '@countersign/contracts/agent/release.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import { preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { auditBy } from '../../access/audit.ts';
import type { Call, Handlers } from '../../api/operation.ts';
import type { Principal } from '../../identity/principal.ts';
import { publishMissingKeys } from '../../keyring/signing-keys.ts';
import { findPool } from '../pools/repository-pools.ts';
import type { PoolBefore } from '../pools/repository-pools.ts';
import type { ReleasesFolder } from './releases-folder.ts';
import { forgetUnfinished, haltRollout, insertRollout, listRollouts, resumeRollout } from './repository-rollouts.ts';
import type { RolloutRow } from './repository-rollouts.ts';

type AgentRollout = components['schemas']['AgentRollout'];

export interface RolloutsApiParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly releases: ReleasesFolder;
}

export type RolloutsOperation = 'listAgentRollouts' | 'createAgentRollout' | 'haltAgentRollout' | 'resumeAgentRollout';

const SHARES = [10, 50, 100];
const STAGE_MIN_S = 600;
const isRelease = new Ajv2020({ strict: false }).compile<AgentRelease>(schema);

/** Releases of the agent for pools, in stages: what people begin, halt and resume. What happens in between, `rollout-loop.ts` decides. */
export class RolloutsApi {
  readonly handlers: Pick<Handlers, RolloutsOperation>;
  readonly #parts: RolloutsApiParts;

  constructor(parts: RolloutsApiParts) {
    this.#parts = parts;
    this.handlers = {
      listAgentRollouts: async ({ principal, query }) => ({ status: 200, body: { items: await this.#read(principal, query.pool_id ?? null, null) } }),
      createAgentRollout: async (call) => ({ status: 201, body: await this.#create(call) }),
      haltAgentRollout: async (call) => ({ status: 200, body: await this.#move(call, 'agent_rollout.halted') }),
      resumeAgentRollout: async (call) => ({ status: 200, body: await this.#move(call, 'agent_rollout.resumed') }),
    };
  }

  async #create({ principal, body }: Call<'createAgentRollout'>): Promise<AgentRollout> {
    const { database, keys, clock, releases } = this.#parts;
    const { tenantId, workspaceId } = principal;
    const { pool_id, signature, shares = SHARES, stage_min_s = STAGE_MIN_S, reason } = body;
    const { release, payload } = releaseOf(signature);
    assertRising(shares);
    await releases.assertHas(release);
    const id = newId('agent_rollout');
    await database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne<PoolBefore>(findPool, [tenantId, workspaceId, pool_id]) === undefined) throw new ApiError('pool_unknown', 'There is no such pool of agents in this workspace.');
      const signed = await alsoSigned(tx, keys, tenantId, signature, payload);
      const { version, platform, sha256, size_bytes } = release;
      await tx.change(insertRollout, [tenantId, id, pool_id, version, platform, sha256, size_bytes, JSON.stringify(signed), JSON.stringify(shares), stage_min_s, principal.id]);
      await auditBy(tx, clock, principal, { type: 'agent_rollout.started', subject: { kind: 'agent_rollout', id }, data: { pool_id, agent_version: version, platform, sha256, size_bytes, reason_digest: digestOf(reason) } });
    }).catch((error: unknown) => {
      throw anotherRuns(error) ?? error;
    });
    return this.#find(principal, id);
  }

  async #move({ principal, path, body }: Call<'haltAgentRollout' | 'resumeAgentRollout'>, type: 'agent_rollout.halted' | 'agent_rollout.resumed'): Promise<AgentRollout> {
    const { tenantId, workspaceId } = principal;
    const id = path.rollout_id;
    const isHalt = type === 'agent_rollout.halted';
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const moved = isHalt ? await tx.maybeOne<{ pool_id: string }>(haltRollout, [tenantId, workspaceId, id, 'person', principal.id]) : await tx.maybeOne<{ pool_id: string }>(resumeRollout, [tenantId, workspaceId, id]);
      if (moved === undefined) throw await this.#unmoved(tx, principal, id);
      // What failed is offered it anew.
      if (!isHalt) await tx.change(forgetUnfinished, [tenantId, id]);
      await auditBy(tx, this.#parts.clock, principal, { type, subject: { kind: 'agent_rollout', id }, data: { pool_id: moved.pool_id, reason_digest: digestOf(body.reason), ...(isHalt ? { code: 'person' } : {}) } });
    }).catch((error: unknown) => {
      throw anotherRuns(error) ?? error;
    });
    return this.#find(principal, id);
  }

  async #unmoved(tx: Transaction, { tenantId, workspaceId }: Principal, id: string): Promise<ApiError> {
    const [found] = await tx.rows<RolloutRow>(listRollouts, [tenantId, workspaceId, null, id]);
    return found === undefined ? noSuchRollout() : new ApiError('rollout_state', `The rollout is ${found.state}.`);
  }

  async #find(principal: Principal, id: string): Promise<AgentRollout> {
    const [rollout] = await this.#read(principal, null, id);
    if (rollout === undefined) throw noSuchRollout();
    return rollout;
  }

  #read({ tenantId, workspaceId }: Principal, poolId: string | null, id: string | null): Promise<AgentRollout[]> {
    return this.#parts.database.forTenant(tenantId, async (tx) => (await tx.rows<RolloutRow>(listRollouts, [tenantId, workspaceId, poolId, id])).map(shown));
  }
}

/** Who published it is for its agents to know; here only what it says is read. */
function releaseOf(signature: DsseEnvelope): { readonly release: AgentRelease; readonly payload: Uint8Array } {
  const opened = openedEnvelope(signature, RELEASE_PAYLOAD);
  if (opened === undefined) throw new ApiError('release_invalid', `It is no envelope over ${RELEASE_PAYLOAD}.`);
  try {
    const release: unknown = parseCanonical(opened.payload);
    if (isRelease(release)) return { release, payload: opened.payload };
  } catch (cause) {
    throw new ApiError('release_invalid', 'What it is over is no canonical JSON.', { cause });
  }
  throw new ApiError('release_invalid', `What it is over says nothing of a release: ${isRelease.errors?.[0]?.instancePath ?? ''} ${isRelease.errors?.[0]?.message ?? ''}`);
}

/** The tenant's own signature beside those that are there: with it, and with no other, its agents take the release. */
async function alsoSigned(tx: Transaction, keys: Keys, tenantId: string, { payloadType, payload, signatures }: DsseEnvelope, bytes: Uint8Array): Promise<DsseEnvelope> {
  await publishMissingKeys(tx, keys, tenantId);
  const key = await signerNow(tx, keys, tenantId, 'agent_release');
  const sig = Buffer.from(await key.sign(preAuthEncoding(RELEASE_PAYLOAD, bytes))).toString('base64');
  return { payloadType, payload, signatures: [...signatures, { keyid: key.kid, sig }] };
}

function assertRising(shares: readonly number[]): void {
  if (shares.at(-1) !== 100 || shares.some((share, at) => at > 0 && share <= shares[at - 1]!)) throw new ApiError('shares_invalid', 'Each share is larger than the one before, and the last is 100.');
}

function anotherRuns(error: unknown): ApiError | undefined {
  return violates(error, 'one_running_rollout_of_a_pool_and_platform') ? new ApiError('rollout_running', 'The pool is being given another release for that platform.', { cause: error as Error }) : undefined;
}

function noSuchRollout(): ApiError {
  return new ApiError('not_found', 'There is no such rollout in this workspace.');
}

function shown({ agent_version, stage_began_at, created_at, ended_at, signature: _signature, workspace_id: _workspace, agents, ...rollout }: RolloutRow): AgentRollout {
  const { well = 0, failed = 0, offered = 0, fetching = 0, waiting = 0, probation = 0 } = agents;
  return {
    ...rollout, version: agent_version, stage_began_at: stage_began_at.toISOString(), created_at: created_at.toISOString(), ended_at: ended_at?.toISOString() ?? null,
    agents: { under_way: offered + fetching + waiting + probation, well, failed },
  };
}
