import { MAX_BODY_BYTES } from '@countersign/contracts/agent/protocol.ts';
import type { AgentKillSwitch, PollRequest, UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import { AGENT_KEY_PURPOSES } from '@countersign/contracts/agent/key-set.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Ask } from '@countersign/platform/postgres/one-trip.ts';
import { servedBundle } from '../../policies/repository-bundles.ts';
import type { BundleRow } from '../../policies/repository-bundles.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { offeredRelease } from '../rollouts/repository-rollouts.ts';
import { keySetSeq } from './repository-key-set.ts';

/** What remains of an answer for everything but orders. */
const ORDER_BYTES = MAX_BODY_BYTES - 256 * 1024;

export interface OfferedOrder {
  readonly id: string;
  /** The signed envelope's JSON, as the worker wrote it. */
  readonly envelope: string;
}

/** All that a poll may be answered with, but for the time. */
export interface Look {
  readonly state: 'active' | 'draining' | 'revoked';
  readonly kill_switches: AgentKillSwitch[];
  readonly bundle: BundleRow | undefined;
  /** Orders of which the agent has not said that they are on its disk, the oldest first: as many as it takes, and no more bytes than fit into an answer. */
  readonly waiting: readonly OfferedOrder[];
  readonly keySetSeq: number;
  /** What it is to run, where that is not what it runs. */
  readonly upgrade: UpgradeOffer | null;
}

/** Reads it in one round trip: between an order and its agent stands nothing else. */
export async function look(database: Database, agent: AdmittedAgent, free: number): Promise<Look> {
  return lookOf(await database.atOnce([agent.tenantId], lookAsks(agent, free)));
}

/** Takes down how the agent says that it is, and looks. Undefined where it is heard of for the first time, or again after it was lost: see `arriveAnew`. */
export async function arrive(database: Database, agent: AdmittedAgent, said: PollRequest): Promise<Look | undefined> {
  const { tenantId, agentId } = agent;
  const asks: Ask[] = [
    { statement: stillThere, values: presenceOf(agent, said) },
    { statement: receive, values: [tenantId, agentId, said.received] },
    { statement: rememberVersion, values: [tenantId, agentId, said.version, said.protocol] },
  ];
  const [known, , , ...found] = await database.atOnce([tenantId], [...asks, ...lookAsks(agent, said.free)]);
  return known?.length === 1 ? lookOf(found) : undefined;
}

/** As `arrive`, for who was not there before; the caller says so in the audit. */
export async function arriveAnew(tx: Transaction, agent: AdmittedAgent, said: PollRequest): Promise<void> {
  await tx.change(seenAnew, presenceOf(agent, said));
}

/** Only of orders that are this agent's. */
export async function writeReceipts(tx: Transaction, tenantId: string, agentId: string, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length > 0) await tx.change(receive, [tenantId, agentId, orderIds]);
}

function lookAsks({ tenantId, agentId, workspaceId, environmentId }: AdmittedAgent, free: number): Ask[] {
  return [
    { statement: situation, values: [tenantId, agentId, workspaceId, environmentId] },
    { statement: servedBundle, values: [tenantId, bundleScope(environmentId)] },
    { statement: offers, values: [tenantId, agentId, free, ORDER_BYTES] },
    { statement: keySetSeq, values: [tenantId, AGENT_KEY_PURPOSES] },
    { statement: offeredRelease, values: [tenantId, agentId] },
  ];
}

function lookOf(found: object[][]): Look {
  const [[said], [bundle], waiting, [keys], [upgrade]] = found as [[Pick<Look, 'state' | 'kill_switches'>], BundleRow[], OfferedOrder[], [{ seq: number }], UpgradeOffer[]];
  return { ...said, bundle, waiting, keySetSeq: keys.seq, upgrade: upgrade ?? null };
}

/** Of what the agent says no more than is read of it: it may say other things, and a lot of them. */
function presenceOf({ tenantId, agentId }: AdmittedAgent, said: PollRequest): readonly unknown[] {
  const { epoch, seq, delivered_seq, bytes, limit_bytes, state } = said.spool;
  return [
    tenantId, agentId, said.version, said.protocol, said.free, said.capacity, said.under_way.length, said.draining, JSON.stringify(said.labels),
    JSON.stringify(said.policy.map((held) => ({ scope: held.scope, seq: held.seq, digest: held.digest, state: held.state, expires_at: held.expires_at }))),
    JSON.stringify(said.connections.map(({ name, connector, package_digest }) => ({ name, connector, package_digest }))),
    JSON.stringify({ epoch, seq, delivered_seq, bytes, limit_bytes, state }), new Date(said.clock), said.memory_bytes,
  ];
}

const COLUMNS = 'seen_at, agent_version, protocol, free, capacity, under_way, draining, labels, policy, connections, spool, clock_offset_ms, memory_bytes';
const VALUES = `clock_timestamp(), $3, $4::int, $5::int, $6::int, $7::int, $8::boolean, $9::jsonb, $10::jsonb, $11::jsonb, $12::jsonb,
                round(extract(epoch FROM clock_timestamp() - $13::timestamptz) * 1000), $14::bigint`;

const stillThere: Statement = {
  name: 'agents.still_there',
  text: `UPDATE control.agent_presence SET (${COLUMNS}) = (SELECT ${VALUES}) WHERE tenant_id = $1 AND agent_id = $2 AND lost_at IS NULL RETURNING agent_id`,
};

const seenAnew: Statement = {
  name: 'agents.seen_anew',
  text: `
    INSERT INTO control.agent_presence (tenant_id, agent_id, ${COLUMNS}) SELECT $1, $2, ${VALUES}
    ON CONFLICT (tenant_id, agent_id) DO UPDATE SET lost_at = NULL, (${COLUMNS}) = (SELECT ${VALUES})`,
};

const rememberVersion: Statement = {
  name: 'agents.remember_version',
  text: 'UPDATE control.agents SET agent_version = $3, protocol = $4 WHERE tenant_id = $1 AND id = $2 AND (agent_version, protocol) IS DISTINCT FROM ($3, $4::int)',
};

const receive: Statement = {
  name: 'agents.receive',
  text: `
    INSERT INTO control.agent_receipts (tenant_id, order_id, agent_id)
    SELECT o.tenant_id, o.id, o.agent_id FROM execution.work_orders o WHERE o.tenant_id = $1 AND o.agent_id = $2 AND o.id = ANY ($3::text[])
    ON CONFLICT DO NOTHING`,
};

const offers: Statement = {
  name: 'agents.offers',
  text: `
    WITH waiting AS (
      SELECT o.id, o.issued_at, o.envelope, row_number() OVER oldest AS place, sum(octet_length(o.envelope)) OVER oldest AS bytes
        FROM execution.work_orders o
       WHERE o.tenant_id = $1 AND o.agent_id = $2 AND o.state = 'queued' AND o.envelope IS NOT NULL AND o.begin_before > clock_timestamp()
         AND NOT EXISTS (SELECT FROM control.agent_receipts r WHERE (r.tenant_id, r.order_id) = (o.tenant_id, o.id))
      WINDOW oldest AS (ORDER BY o.issued_at, o.id))
    SELECT id, envelope FROM waiting WHERE place <= $3::bigint AND (bytes <= $4::bigint OR place = 1) ORDER BY issued_at, id`,
};

/** One that is being let go in stages stops some runs and not others: the worker judges that before it signs an order. */
const situation: Statement = {
  name: 'agents.situation',
  text: `
    SELECT a.state,
           coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', k.id, 'scope', k.scope, 'reason', k.reason, 'workflow', f.name)) ORDER BY k.set_at, k.id)
                       FROM control.kill_switches k LEFT JOIN control.workflows f ON k.scope = 'workflow' AND (f.tenant_id, f.id) = (k.tenant_id, k.target_id)
                      WHERE k.tenant_id = a.tenant_id AND k.recovered_at IS NULL AND k.share IS NULL
                        AND (k.scope NOT IN ('workspace', 'environment', 'workflow') OR k.target_id IN ($3, $4) OR f.workspace_id = $3)), '[]') AS kill_switches
      FROM control.agents a WHERE a.tenant_id = $1 AND a.id = $2`,
};
