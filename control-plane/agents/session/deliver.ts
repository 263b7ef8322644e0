import type { DeliverAnswer, DeliverRequest } from '@countersign/contracts/agent/protocol.ts';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import { entrySealContext } from '@countersign/contracts/agent/spool-entry.ts';
import type { EntryBodies, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { RateLimit } from '../../cell/rate-limit.ts';
import type { Rate } from '../../cell/rate-limit.ts';
import type { Notifier } from '../../live/notifier.ts';
import { moveAgent } from '../identity/agent-state.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { boundaryOf, judge } from './chain-check.ts';
import { raiseAlarm } from './repository-alarms.ts';
import type { AlarmKind, NewAlarm } from './repository-alarms.ts';
import { appendEntries, heldHash, lockHead } from './repository-entries.ts';
import type { SpoolHead } from './repository-entries.ts';
import { writeReceipts } from './repository-poll.ts';

export interface DeliveriesParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** Counts alarms, each occurrence once. */
  readonly alarmed: (kind: AlarmKind) => void;
}

/** An agent at 50 calls a second tells of 200 to 300 things, and after an outage of all of them at once: each costs its tenant a row and an event. */
const ENTRIES: Rate = { burst: 100_000, refill_ms: 1 };

/** What one delivery came to, once it is committed. */
interface Taken {
  readonly head: SpoolHead;
  readonly refusal: { readonly code: 'spool_gap' | 'spool_forked'; readonly detail: string } | null;
  /** Those that have not been told of before. */
  readonly alarms: readonly AlarmKind[];
}

/** Takes what agents have to tell: each entry once and in order, whatever is lost on the way. What it means is for the worker to make true. */
export class Deliveries {
  readonly #parts: DeliveriesParts;
  /** Of entries, by agent. */
  readonly #rate: RateLimit;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
    this.#rate = new RateLimit(parts.clock, ENTRIES);
  }

  /** @throws ApiError `rate_limited`; `spool_gap`, `spool_forked`: people are told. Nothing of it was taken */
  async deliver(agent: AdmittedAgent, request: DeliverRequest): Promise<DeliverAnswer> {
    const { database, alarmed } = this.#parts;
    if (this.#rate.take(agent.agentId, request.entries.length) === null) throw new ApiError('rate_limited', 'The agent tells of far more than an agent does. Nothing of it is lost: it keeps what it has.', { retryAfter_s: 10 });
    const { head, refusal, alarms } = await database.forTenant(agent.tenantId, (tx) => this.#take(tx, agent, request));
    for (const kind of alarms) alarmed(kind);
    this.#announce(agent, alarms.length > 0);
    const answer = { acked_seq: head.seq, hash: head.hash };
    if (refusal !== null) throw new ApiError(refusal.code, refusal.detail, { members: answer });
    return answer;
  }

  async #take(tx: Transaction, agent: AdmittedAgent, request: DeliverRequest): Promise<Taken> {
    const { tenantId, agentId } = agent;
    const head = await lockHead(tx, tenantId, agentId, request.epoch);
    const boundary = boundaryOf(request, head);
    const delivery = judge(request, head, boundary === head.seq ? head.hash : await heldHash(tx, tenantId, agentId, head.epoch, boundary));
    if (delivery.kind !== 'continues') {
      const refusal = delivery.kind === 'gap'
        ? { code: 'spool_gap', detail: `The cell has this agent's entries up to ${head.seq}, and these begin with ${request.first_seq}.` } as const
        : { code: 'spool_forked', detail: delivery.why } as const;
      return { head, refusal, alarms: await this.#refuse(tx, agent, head, request, refusal.code) };
    }
    const sealed = await Promise.all(delivery.fresh.map((entry) => this.#seal(agent, head.epoch, entry)));
    const moved = await appendEntries(tx, agent, head, delivery.fresh, sealed);
    // What it has refused it has: it is not offered again.
    await writeReceipts(tx, tenantId, agentId, delivery.fresh.flatMap((entry) => refusedOrder(entry) ?? []));
    const alarms = delivery.fresh.flatMap((entry) => alarmOf(agentId, entry) ?? []);
    for (const [alarm, ...more] of alike(alarms)) await raiseAlarm(tx, tenantId, alarm, 1 + more.length);
    return { head: moved, refusal: null, alarms: alarms.map(({ kind }) => kind) };
  }

  /** It is given no more work until a person has looked. An agent sends it again and again: people are told of it once. */
  async #refuse(tx: Transaction, { tenantId, workspaceId, agentId, poolId }: AdmittedAgent, head: SpoolHead, { epoch, first_seq }: DeliverRequest, code: 'spool_gap' | 'spool_forked'): Promise<AlarmKind[]> {
    if (await raiseAlarm(tx, tenantId, { agent_id: agentId, kind: code, code }) > 1) return [];
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'agent.spool_forked', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
      data: { pool_id: poolId, code, epoch, spool_seq: first_seq, delivered_seq: head.seq },
    });
    await moveAgent(tx, { at: this.#parts.clock.now(), tenantId, workspaceId: null, agentId, to: 'draining', actor: { kind: 'system', id: 'control-plane' }, reason: null, because: code });
    return [code];
  }

  #seal({ tenantId, agentId }: AdmittedAgent, epoch: string, { seq, body }: SpoolEntry): Promise<Uint8Array> {
    return this.#parts.keys.seal(tenantId, 'content', entrySealContext(agentId, epoch, seq), Buffer.from(JSON.stringify(body)));
  }

  #announce({ tenantId, workspaceId, agentId }: AdmittedAgent, alarmed: boolean): void {
    const { notifier } = this.#parts;
    notifier.agent({ tenant_id: tenantId, agent_id: agentId, about: 'entries', order_id: null });
    if (!alarmed) return;
    notifier.agent({ tenant_id: tenantId, agent_id: agentId, about: 'state', order_id: null });
    notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'agent', id: agentId, state: 'alarmed' });
  }
}

function refusedOrder({ kind, body }: SpoolEntry): string | null {
  const { order_id } = body as EntryBodies['order.refused'];
  return kind === 'order.refused' && typeof order_id === 'string' ? order_id : null;
}

/** A delivery may be one refusal five hundred times: it is written once. */
function alike(alarms: readonly NewAlarm[]): ReadonlyArray<readonly [NewAlarm, ...NewAlarm[]]> {
  return Object.values(Object.groupBy(alarms, ({ kind, code }) => `${kind} ${code}`)) as Array<[NewAlarm, ...NewAlarm[]]>;
}

/** What people are to look at: an order that an honest cell does not send, and policy that does not hold. */
function alarmOf(agent_id: string, { kind, body }: SpoolEntry): NewAlarm | null {
  if (kind === 'policy.refused') return { agent_id, kind: 'policy_refused', code: codeOf((body as EntryBodies['policy.refused']).code, 'policy_refused') };
  if (kind !== 'order.refused') return null;
  const { refusal } = body as EntryBodies['order.refused'];
  return typeof refusal === 'string' && Object.hasOwn(ORDER_REFUSALS, refusal) && !ORDER_REFUSALS[refusal].alarm ? null : { agent_id, kind: 'order_refused', code: codeOf(refusal, 'order_refused') };
}

/** Bodies are looked at when they are made true, not here: `code` may be anything. */
function codeOf(code: unknown, kind: AlarmKind): string {
  return typeof code === 'string' ? code.slice(0, 100) : kind;
}
