import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { InstanceGuard } from '@countersign/connectors/gateway/health/instance-guard.ts';
import { createGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import { fixedPolicy } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import { isAtLeast } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Contents } from '../contents/contents.ts';
import { postgresFacts } from '../policy/facts.ts';
import { PostgresSituation } from '../policy/situation.ts';
import { claimAgain, leasedCall } from '../testing/leased-call.ts';
import { ledger } from '../testing/ledger-connector.ts';
import { LedgerServer } from '../testing/ledger-server.ts';
import { Plant } from '../testing/plant.ts';
import { seedInstanceBeside, sql } from '../testing/queries.ts';
import { postgresInstances } from './instances.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';
import { PostgresInstanceHealth } from './postgres-instance-health.ts';
import { postgresPrices } from './prices.ts';

/** What obliges to something, through the gateway with Postgres behind it: policy is told here what to say. */
type Answer = Pick<PolicyDecision, 'outcome'> & Partial<PolicyDecision>;
let plant: Plant;
let near: LedgerServer;
let gateway: RunningGateway;
let policy: (input: PolicyInput) => Answer;
let asked: PolicyInput[];

beforeAll(async () => {
  plant = await Plant.open();
  near = new LedgerServer();
  const host = `127.0.0.1:${await near.listen()}`;
  const { database, ids } = plant;
  await database.control.forTenant(ids.tenantId, (tx) => seedInstanceBeside(tx, ids, { id: newId('connector_instance'), name: 'near', baseUrl: `http://${host}`, host }));
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  gateway = createGateway({
    connectors: [ledger], clock: systemClock, log: { warn: () => undefined, error: () => undefined },
    pdp: fixedPolicy((input) => {
      asked.push(input);
      return policy(input);
    }),
    store: new PostgresGatewayStore({ database: database.execution, keys, contents: new Contents(keys, 14), clock: systemClock, worker: 'test', changes: { changed: () => undefined, stepsReady: () => undefined } }),
    situation: new PostgresSituation(database.execution), facts: postgresFacts(database.execution), instances: postgresInstances(database.execution),
    vault: { borrow: () => Promise.reject(new TypeError('no credentials here')) },
    models: { forCall: () => ({ latest: async () => null, save: () => Promise.reject(new TypeError('no models here')) }) },
    prices: postgresPrices(database.execution), guard: new InstanceGuard({ store: new PostgresInstanceHealth(database.execution), now: () => Date.now() }),
  });
});
afterAll(async () => {
  await gateway.close();
  await near.close();
  await plant.close();
});
beforeEach(() => {
  asked = [];
  for (const server of [plant.ledger, near]) {
    server.records.set('rec', { id: 'rec', title: 'printers', category: 'none', version: 0 });
    server.effects.length = 0;
  }
});

const update = (identity: CallIdentity): Promise<CallResult> => gateway.call({
  identity, action: 'ledger/record.update', instanceName: 'books', parameters: { id: 'rec', category: 'network' }, labels: { '/id': ['trusted_system'], '/category': ['model_output'] }, model: null, signal: new AbortController().signal,
});
const approvalOf = (result: CallResult): string => {
  expect(result.kind).toBe('waiting_for_approval');
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
};
const STEP_UP = { tier: 'critical', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000, min_strength: 'link', max_sign_in_age_ms: 600_000 };
const HITL = { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000 };
const covering = ({ approvals, action }: PolicyInput) => approvals.filter((one) => one.state === 'approved' && one.action_digest === action.digest).flatMap(({ votes }) => votes);
/** As the control plane writes a vote of somebody who signed in so long before it; null: nobody knows when. */
async function approve(approvalId: string, signedInSecsAgo: number | null, authStrength = 'link'): Promise<void> {
  const { ids: { tenantId, personId }, database } = plant;
  await database.control.forTenant(tenantId, async (tx) => {
    await tx.change(sql('vote_with_sign_in', `INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, action_digest, auth_strength, channel, signed_in_at)
      SELECT tenant_id, id, $3, $4, 'approver', 'approve', action_digest, $5, 'console', clock_timestamp() - make_interval(secs => $6::float8) FROM control.approvals WHERE tenant_id = $1 AND id = $2`), [tenantId, approvalId, newId('vote'), personId, authStrength, signedInSecsAgo]);
    await tx.change(sql('approve', `UPDATE control.approvals SET state = 'approved', decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`), [tenantId, approvalId]);
  });
}
const rowOf = (approvalId: string): Promise<Record<string, unknown>> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.one(sql('asked_approval', `
  SELECT state, tier, min_strength, max_sign_in_age_ms::int AS max_sign_in_age_ms, instance_id FROM control.approvals WHERE tenant_id = $1 AND id = $2`), [plant.ids.tenantId, approvalId]));
const decisionsOf = (identity: CallIdentity): Promise<Array<Record<string, unknown>>> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('decisions_of_step', `
  SELECT d.id, d.outcome, i.name AS instance, d.routed_from, d.adjusted FROM execution.decisions d LEFT JOIN control.connector_instances i ON (i.tenant_id, i.id) = (d.tenant_id, d.instance_id)
   WHERE d.tenant_id = $1 AND d.step_id = $2 AND d.action = 'ledger/record.update' ORDER BY d.decided_at, d.id`), [plant.ids.tenantId, identity.step.id]));

/** Policy that a fresh, strong vote satisfies, as `approvals.stepped_up` of the base has it. */
function strong(input: PolicyInput): Answer {
  if (input.action.risk !== 'write') return { outcome: 'ALLOW' };
  const enough = covering(input).some(({ auth_strength, sign_in_age_ms: age }) => isAtLeast(auth_strength, 'link') && age !== null && age <= 600_000);
  return enough ? { outcome: 'ALLOW' } : { outcome: 'REQUIRE_STEP_UP', obligations: STEP_UP };
}

it('a step up is asked for with its strength and age, and a vote by a fresh sign-in lets the write happen', async () => {
  policy = strong;
  const identity = await leasedCall(plant);
  const approvalId = approvalOf(await update(identity));
  expect(await rowOf(approvalId)).toMatchObject({ state: 'pending', tier: 'critical', min_strength: 'link', max_sign_in_age_ms: 600_000 });
  await approve(approvalId, 300);
  expect(await update(await claimAgain(plant, identity))).toMatchObject({ kind: 'succeeded' });
  const age = asked.at(-1)?.approvals[0]?.votes[0]?.sign_in_age_ms ?? 0;
  expect([age >= 300_000, age < 600_000]).toEqual([true, true]);
  expect([plant.ledger.effects.length, await rowOf(approvalId)]).toMatchObject([1, { state: 'consumed' }]);
});

it.each<[string, number | null, string]>([['too old', 601, 'link'], ['too weak', 5, 'slack_linked'], ['of unknown age', null, 'link']])('a vote whose sign-in is %s lets nothing happen: people are asked again', async (_what, secs, strength) => {
  policy = strong;
  const identity = await leasedCall(plant);
  const first = approvalOf(await update(identity));
  await approve(first, secs, strength);
  const second = approvalOf(await update(await claimAgain(plant, identity)));
  expect(second).not.toBe(first);
  expect([plant.ledger.effects, await rowOf(first), await rowOf(second)]).toMatchObject([[], { state: 'approved' }, { state: 'pending', min_strength: 'link' }]);
});

it('a write is routed to another instance: approved for it, sent to it alone, and the log says what sent it there', async () => {
  policy = (input) => {
    if (input.action.risk !== 'write') return { outcome: 'ALLOW' };
    if (input.instance.name === 'books') return { outcome: 'ROUTE', obligations: { target: 'instance:near' } };
    return covering(input).length > 0 ? { outcome: 'ALLOW' } : { outcome: 'REQUIRE_HITL', obligations: HITL };
  };
  const identity = await leasedCall(plant);
  const approvalId = approvalOf(await update(identity));
  await approve(approvalId, 5);
  expect(await update(await claimAgain(plant, identity))).toMatchObject({ kind: 'succeeded' });
  expect([plant.ledger.effects.length, near.effects.length]).toEqual([0, 1]);
  const [sent, askedFor, sentAgain, allowed] = await decisionsOf(identity);
  expect([sent, askedFor, sentAgain, allowed]).toMatchObject([
    { outcome: 'ROUTE', instance: 'books', routed_from: null }, { outcome: 'REQUIRE_HITL', instance: 'near', routed_from: sent?.['id'] },
    { outcome: 'ROUTE', instance: 'books', routed_from: null }, { outcome: 'ALLOW', instance: 'near', routed_from: sentAgain?.['id'] },
  ]);
});

it('a routed write of unknown outcome is looked for where it was sent', async () => {
  policy = (input) => (input.action.risk === 'write' && input.instance.name === 'books' ? { outcome: 'ROUTE', obligations: { target: 'instance:near' } } : { outcome: 'ALLOW' });
  near.faults.push('applied_then_hangs_up');
  const identity = await leasedCall(plant);
  expect(await update(identity)).toMatchObject({ kind: 'uncertain' });
  // It would be sent elsewhere now; it must not be.
  policy = () => ({ outcome: 'ALLOW' });
  expect(await update(await claimAgain(plant, identity))).toMatchObject({ kind: 'succeeded', output: { category: 'network' } });
  expect([plant.ledger.effects.length, near.effects.length]).toEqual([0, 1]);
});

it('what is redacted is not sent, and its name stands in the log and in the audit', async () => {
  policy = (input) => (input.action.risk === 'write' ? { outcome: 'ALLOW', obligations: { redactions: ['/category'] } } : { outcome: 'ALLOW' });
  const identity = await leasedCall(plant);
  expect(await update(identity)).toMatchObject({ kind: 'succeeded' });
  expect(plant.ledger.effects).toMatchObject([{ category: '[redacted by policy]' }]);
  const [decision] = await decisionsOf(identity);
  expect(decision).toMatchObject({ outcome: 'ALLOW', adjusted: { capped: [], redacted: ['/category'] } });
  const [event] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ body: string }>(sql('audited_decision', `SELECT body FROM audit.events WHERE tenant_id = $1 AND type = 'decision.made' AND body::jsonb->'subject'->>'id' = $2`), [plant.ids.tenantId, decision?.['id']]));
  expect(JSON.parse(event?.body ?? '{}')).toMatchObject({ data: { capped: [], redacted: ['/category'] } });
});
