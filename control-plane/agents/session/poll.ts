import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { POLL_HELD_MS } from '@countersign/contracts/agent/protocol.ts';
import type { PollAnswer, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { UpgradeNotes } from '../rollouts/upgrade-notes.ts';
import type { HeldPolls } from './held-polls.ts';
import { agentKeySet } from './key-set.ts';
import { arrive, arriveAnew, look } from './repository-poll.ts';
import type { Look, OfferedOrder } from './repository-poll.ts';
import { Told } from './told.ts';
import { assertSpoken } from './versions.ts';

export interface PollsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly held: HeldPolls;
  /** Of this cell. */
  readonly version: string;
}

/** How agents are heard of, and how they hear what there is to do: one long poll after the other, of which each is the heartbeat. */
export class Polls {
  readonly #parts: PollsParts;
  readonly #told = new Told();
  readonly #upgrades: UpgradeNotes;

  constructor(parts: PollsParts) {
    this.#parts = parts;
    this.#upgrades = new UpgradeNotes(parts);
  }

  /**
   * Takes down how the agent is, and holds the answer until there is an order for it, or it is to know something else: other policy, other keys, a kill
   * switch, that it is drained.
   *
   * @throws ApiError `protocol_unsupported`, `agent_too_old`, `agent_revoked`
   */
  async poll(agent: AdmittedAgent, request: PollRequest): Promise<PollAnswer> {
    const until = performance.now() + POLL_HELD_MS;
    const poll = this.#parts.held.begin(agent.tenantId, agent.agentId);
    try {
      let seen = await this.#arrive(agent, request);
      assertSpoken(request, this.#parts.version);
      for (;;) {
        const said = sayingOf(seen);
        const orders = this.#told.due(agent, seen.waiting);
        const left_ms = until - performance.now();
        const isOver = left_ms <= 0 || poll.isOver || agent.signal.aborted;
        if (isOver || orders.length > 0 || this.#told.isNews(agent, said)) return await this.#answer(agent, request, { seen, said, orders });
        await poll.news(this.#told.holdAtMost_ms(left_ms, seen.waiting), agent.signal);
        seen = await look(this.#parts.database, agent, request.free);
      }
    } finally {
      poll.end();
    }
  }

  async #arrive(agent: AdmittedAgent, request: PollRequest): Promise<Look> {
    const { database, clock, notifier } = this.#parts;
    const { tenantId, workspaceId, agentId, poolId } = agent;
    await this.#upgrades.note(agent, request);
    const seen = await arrive(database, agent, request);
    if (seen !== undefined) return seen;
    await database.forTenant(tenantId, async (tx) => {
      await arriveAnew(tx, agent, request);
      await appendAudit(tx, {
        at: clock.now(), type: 'agent.seen', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
        data: { pool_id: poolId, agent_version: request.version, protocol: request.protocol, spool_seq: request.spool.seq, delivered_seq: request.spool.delivered_seq },
      });
    });
    notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'agent', id: agentId, state: 'seen' });
    return look(database, agent, request.free);
  }

  async #answer(agent: AdmittedAgent, request: PollRequest, { seen, said, orders }: { seen: Look; said: string; orders: readonly OfferedOrder[] }): Promise<PollAnswer> {
    const { bundle, kill_switches, state, keySetSeq, waiting, upgrade } = seen;
    if (state === 'revoked') throw new ApiError('agent_revoked', 'The agent is revoked: it is given nothing any more.');
    const answer: PollAnswer = {
      orders: orders.map(({ envelope }) => JSON.parse(envelope) as DsseEnvelope), kill_switches, state, upgrade,
      policy: bundle === undefined ? [] : [{ scope: bundle.scope, seq: Number(bundle.seq), digest: bundle.digest }],
      key_set: request.key_set_seq < keySetSeq ? await this.#keySet(agent.tenantId) : null, server_time: this.#parts.clock.now().toISOString(),
    };
    this.#told.told(agent, said, orders, waiting);
    return answer;
  }

  #keySet(tenantId: string): Promise<DsseEnvelope> {
    const { database, keys, clock } = this.#parts;
    return database.forTenant(tenantId, async (tx) => (await agentKeySet(tx, keys, tenantId, clock.now())).envelope);
  }
}

function sayingOf({ bundle, kill_switches, state, keySetSeq, upgrade }: Look): string {
  return JSON.stringify([bundle?.digest ?? null, kill_switches, state, keySetSeq, upgrade?.sha256]);
}
