import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { MAX_BODY_BYTES, POLL_HELD_MS } from '@countersign/contracts/agent/protocol.ts';
import type { PollAnswer, PollRequest, UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Notifier } from '../../live/notifier.ts';
import { servedBundle } from '../../policies/repository-bundles.ts';
import type { BundleRow } from '../../policies/repository-bundles.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { noteUpgrade, releaseFor } from '../rollouts/offered-releases.ts';
import type { HeldPolls } from './held-polls.ts';
import { agentKeySet, agentKeySetSeq } from './key-set.ts';
import { readOffers, readSituation, writePresence, writeReceipts } from './repository-poll.ts';
import type { OfferedOrder } from './repository-poll.ts';
import { Told } from './told.ts';
import { assertSpoken } from './versions.ts';

/** What remains of an answer for everything but orders. */
const ORDER_BYTES = MAX_BODY_BYTES - 256 * 1024;

export interface PollsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly held: HeldPolls;
  /** Of this cell. */
  readonly version: string;
}

/** All that an answer may say but its time, as of one look. */
interface Look {
  readonly waiting: readonly OfferedOrder[];
  readonly policy: PollAnswer['policy'];
  readonly keySetSeq: number;
  readonly kill_switches: PollAnswer['kill_switches'];
  readonly state: PollAnswer['state'];
  readonly upgrade: UpgradeOffer | null;
}

/** How agents are heard of, and how they hear what there is to do: one long poll after the other, of which each is the heartbeat. */
export class Polls {
  readonly #parts: PollsParts;
  readonly #told = new Told();

  constructor(parts: PollsParts) {
    this.#parts = parts;
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
      await this.#arrive(agent, request);
      assertSpoken(request, this.#parts.version);
      for (;;) {
        const look = await this.#look(agent, request);
        const said = sayingOf(look);
        const orders = this.#told.due(agent.agentId, look.waiting);
        const left_ms = until - performance.now();
        const isOver = left_ms <= 0 || poll.isOver || agent.signal.aborted;
        if (isOver || orders.length > 0 || this.#told.isNews(agent.agentId, said)) return await this.#answer(agent, request, { look, said, orders });
        await poll.news(this.#told.holdAtMost_ms(left_ms, look.waiting), agent.signal);
      }
    } finally {
      poll.end();
    }
  }

  async #arrive(agent: AdmittedAgent, request: PollRequest): Promise<void> {
    const { tenantId, workspaceId, agentId, poolId } = agent;
    const isSeenAnew = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await writePresence(tx, agent, request);
      await writeReceipts(tx, tenantId, agentId, request.received);
      await noteUpgrade(tx, agent, request, this.#parts.clock.now());
      if (before?.lost_at === null) return false;
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'agent.seen', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
        data: { pool_id: poolId, agent_version: request.version, protocol: request.protocol, spool_seq: request.spool.seq, delivered_seq: request.spool.delivered_seq },
      });
      return true;
    });
    if (isSeenAnew) this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'agent', id: agentId, state: 'seen' });
  }

  #look(agent: AdmittedAgent, { free }: PollRequest): Promise<Look> {
    const { tenantId, agentId, environmentId } = agent;
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const { state, kill_switches } = await readSituation(tx, agent);
      if (state === 'revoked') throw new ApiError('agent_revoked', 'The agent is revoked: it is given nothing any more.');
      const bundle = await tx.maybeOne<BundleRow>(servedBundle, [tenantId, bundleScope(environmentId)]);
      return {
        state, kill_switches,
        waiting: await readOffers(tx, tenantId, agentId, free, ORDER_BYTES),
        policy: bundle === undefined ? [] : [{ scope: bundle.scope, seq: Number(bundle.seq), digest: bundle.digest }],
        keySetSeq: await agentKeySetSeq(tx, tenantId),
        upgrade: await releaseFor(tx, agent),
      };
    });
  }

  async #answer(agent: AdmittedAgent, request: PollRequest, { look, said, orders }: { look: Look; said: string; orders: readonly OfferedOrder[] }): Promise<PollAnswer> {
    const { policy, kill_switches, state, upgrade, keySetSeq } = look;
    const answer = {
      orders: orders.map(({ envelope }) => JSON.parse(envelope) as DsseEnvelope), policy, kill_switches, state, upgrade,
      key_set: request.key_set_seq < keySetSeq ? await this.#keySet(agent.tenantId) : null, server_time: this.#parts.clock.now().toISOString(),
    };
    // Nobody hears what is said to a connection that is gone.
    if (!agent.signal.aborted) this.#told.told(agent.agentId, said, orders, look.waiting);
    return answer;
  }

  #keySet(tenantId: string): Promise<DsseEnvelope> {
    const { database, keys, clock } = this.#parts;
    return database.forTenant(tenantId, async (tx: Transaction) => (await agentKeySet(tx, keys, tenantId, clock.now())).envelope);
  }
}

function sayingOf({ policy, kill_switches, state, upgrade, keySetSeq }: Look): string {
  return JSON.stringify([policy, kill_switches, state, upgrade?.sha256, keySetSeq]);
}
