import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { id, NOTES, orderFor, signed, signingPair, verifier, CELL_KEY } from './testing/orders.ts';
import type { Changes } from './testing/orders.ts';
import { verifyOrder } from './verify-order.ts';
import type { OrderVerifier } from './verify-order.ts';

const change = (members: Partial<WorkOrder>): Changes => ({ order: (order) => ({ ...order, ...members }) });
const onTheWay = (members: Partial<WorkOrder>): Changes => ({ afterwards: (order) => ({ ...order, ...members }) });
const identity = (part: (identity: WorkOrder['identity']) => Partial<WorkOrder['identity']>): Changes => ({ order: (order) => ({ ...order, identity: { ...order.identity, ...part(order.identity) } }) });
const instance = (members: Partial<WorkOrder['instance']>): Changes => ({ order: (order) => ({ ...order, instance: { ...order.instance, ...members } }) });
const approval = (members: Partial<NonNullable<WorkOrder['approval']>>): Changes => ({ order: (order) => ({ ...order, approval: { ...order.approval!, ...members } }) });
const votes = (of: (votes: NonNullable<WorkOrder['approval']>['votes']) => NonNullable<WorkOrder['approval']>['votes']): Changes => ({ order: (order) => ({ ...order, approval: { ...order.approval!, votes: of(order.approval!.votes) } }) });
const OTHER_DIGEST = `sha256:${'9'.repeat(64)}`;
const elsewhere = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as Record<string, string>;

/** Each is signed by the right key unless it says otherwise: the strongest case, in which the cell itself asks for what it must not. */
const CASES: ReadonlyArray<readonly [OrderRefusal, string, Changes, Partial<OrderVerifier>?]> = [
  ['order_signature_invalid', 'signed by a key of nobody', { signer: signingPair('wo-1') }],
  ['order_signature_invalid', 'signed by a key that is not held', { signer: signingPair('wo-2') }],
  ['order_malformed', 'with a member that orders do not have', { afterwards: (order) => ({ ...order, extra: 1 }) as WorkOrder }],
  ['order_malformed', 'of another format', change({ format: 'countersign.dev/work-order/v2' as never })],
  ['order_malformed', 'of a kind that there is not', change({ kind: 'run' as never })],
  ['order_malformed', 'to write, without a call', change({ call_id: null })],
  ['order_malformed', 'to write, without a key', change({ idempotency_key: null })],
  ['order_malformed', 'to look up what is not named', { order: (order) => ({ ...order, kind: 'reconcile', call_id: null, approval: null }) }],
  ['order_for_another', 'for another agent', change({ audience: { agent_id: id('agt', 'b'), pool: 'onprem' } })],
  ['order_for_another', 'for another pool', { order: (order) => ({ ...order, audience: { ...order.audience, pool: 'dmz' } }) }],
  ['order_for_another', 'of another tenant', identity(({ tenant }) => ({ tenant: { ...tenant, id: id('ten', 'v') } }))],
  ['order_for_another', 'of another workspace', identity(({ workspace }) => ({ workspace: { ...workspace, id: id('wsp', 'x') } }))],
  ['order_for_another', 'of another environment', identity(({ environment }) => ({ environment: { ...environment, id: id('env', 'f') } }))],
  ['order_replayed', 'that was taken before', {}, { isKnown: async () => true }],
  ['order_expired', 'that had to begin before now', change({ begin_before: '2026-11-21T10:00:30.000Z' })],
  ['order_expired', 'from the future', change({ issued_at: '2026-11-21T10:02:00.000Z', begin_before: '2026-11-21T10:03:00.000Z' })],
  ['order_expired', 'that is valid for an hour', change({ begin_before: '2026-11-21T11:00:00.000Z' })],
  ['order_fence_stale', 'of a worker that is not the holder any more', {}, { highestFence: async () => 8 }],
  ['order_parameters_changed', 'whose encrypted part was changed', onTheWay({ sealed: 'AAAA..BBBB.CCCC.DDDD' })],
  ['order_parameters_changed', 'whose encrypted part is another, with its digest', onTheWay({ sealed_sha256: '0'.repeat(64) })],
  ['order_parameters_changed', 'whose clear part has another digest', onTheWay({ parameters_sha256: '0'.repeat(64) })],
  ['order_parameters_changed', 'that is encrypted to another agent', { recipient: elsewhere }],
  ['order_parameters_changed', 'whose encrypted part carries more', { sealed: (sealed) => ({ ...sealed, also: 1 }) }],
  ['order_action_mismatch', 'that names another action than it carries', change({ action_digest: OTHER_DIGEST })],
  ['order_action_mismatch', 'that names no action', change({ action_digest: null, approval: null })],
  ['order_action_mismatch', 'to prepare, with an action that is decided', change({ kind: 'prepare' })],
  ['order_action_mismatch', 'with an action that was edited', { sealed: (sealed) => ({ ...sealed, action_text: sealed.action_text!.replace('"abc"', '"abd"') }) }],
  ['order_action_mismatch', 'with parameters that are not the action\'s', { sealed: (sealed) => ({ ...sealed, parameters: { ...sealed.parameters, sys_id: 'abd' } }) }],
  ['order_action_mismatch', 'with another free text', { sealed: (sealed) => ({ ...sealed, content: { '/note': 'zebra two' }, parameters: { ...sealed.parameters, note: 'zebra two' } }) }],
  ['order_action_mismatch', 'with a free text in the parameters that is not the bound one', { sealed: (sealed) => ({ ...sealed, parameters: { ...sealed.parameters, note: 'zebra two' } }) }],
  ['order_action_mismatch', 'with another target', { sealed: (sealed) => ({ ...sealed, target: { id: 't2', label: 'INC1', version: '3' } }) }],
  ['order_action_mismatch', 'of another run', identity(({ run }) => ({ run: { ...run, id: id('run', 'q') } }))],
  ['order_action_mismatch', 'of another step', identity(({ step }) => ({ step: { ...step, key: 'other' } }))],
  ['order_action_mismatch', 'of another call', identity(() => ({ call_key: 'other' }))],
  ['order_action_mismatch', 'at another instance', instance({ id: id('ins', 'k') })],
  ['order_action_mismatch', 'of another connector', instance({ connector: 'other' })],
  ['order_action_mismatch', 'of another version', instance({ connector_version: '2.0.0' })],
  ['order_action_mismatch', 'to write, that says it only reads', change({ risk: 'read' })],
  ['order_action_mismatch', 'to watch what finds no events by itself', change({ kind: 'watch', action: 'notes/watch', action_digest: null, approval: null })],
  ['order_action_mismatch', 'that is called otherwise', change({ action: 'notes/delete' })],
  ['order_approval_mismatch', 'with an approval of another action', approval({ action_digest: OTHER_DIGEST })],
  ['order_approval_mismatch', 'with an approval that was over', approval({ expires_at: '2026-11-21T09:59:59.000Z' })],
  ['order_approval_mismatch', 'with a vote too few', votes((all) => all.slice(1))],
  ['order_approval_mismatch', 'with one voter twice', votes(([first]) => [first!, { ...first!, id: id('vot', '9') }])],
  ['order_approval_mismatch', 'with the vote of who asked', approval({ requested_by: id('prn', '2') })],
  ['order_approval_mismatch', 'with a vote against', votes(([first, second]) => [first!, { ...second!, decision: 'reject' }])],
  ['connection_unknown', 'for a connection that is not configured here', {}, { connectorOf: () => undefined }],
  ['package_changed', 'where another manifest is installed', {}, { connectorOf: () => ({ ...NOTES, manifestDigest: OTHER_DIGEST }) }],
  ['package_changed', 'where code is installed that nobody approved', {}, { connectorOf: () => ({ ...NOTES, origin: 'folder' }) }],
];

describe('an order', () => {
  it('that is in order is carried out, with what was encrypted for this agent', async () => {
    const verified = await verifyOrder(await verifier(), await orderFor());
    expect(verified.sealed.parameters).toEqual({ sys_id: 'abc', note: 'zebra text' });
    expect(verified.order.approval?.votes).toHaveLength(2);
    expect(verified.connector).toBe(NOTES);
  });

  it.each(CASES.map(([refusal, what, changes, agent]) => ({ refusal, what, changes, agent })))('is refused as $refusal: $what', async ({ refusal, changes, agent }) => {
    await expect(verifyOrder(await verifier(agent), await orderFor(changes))).rejects.toMatchObject({ refusal });
  });

  it('is refused whatever byte of it somebody changes on the way', async () => {
    const envelope = await orderFor();
    const payload = Buffer.from(envelope.payload, 'base64');
    const agent = await verifier();
    await fc.assert(fc.asyncProperty(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const bent = Buffer.from(payload);
      bent[at]! ^= mask;
      await expect(verifyOrder(agent, { ...envelope, payload: bent.toString('base64') })).rejects.toMatchObject({ refusal: 'order_signature_invalid' });
    }), { numRuns: 300 });
  });

  it.each([
    ['nothing', null], ['a text', 'order'], ['an empty object', {}], ['two signatures', 'two'], ['a payload of another type', 'type'], ['JSON in another spelling', 'spaced'],
  ])('that is %s is malformed', async (_, what) => {
    const envelope = await orderFor();
    const made: Record<string, unknown> = {
      two: { ...envelope, signatures: [envelope.signatures[0], envelope.signatures[0]] },
      type: { ...envelope, payloadType: 'application/json' },
      spaced: signed('application/vnd.countersign.work-order.v1+json', [1], CELL_KEY),
    };
    await expect(verifyOrder(await verifier(), typeof what === 'string' && what in made ? made[what] : what)).rejects.toMatchObject({ refusal: 'order_malformed' });
  });

  it('is refused in words that hold nothing of its content', async () => {
    for (const [, , changes, agent = {}] of CASES) {
      const error = await verifyOrder(await verifier(agent), await orderFor(changes)).catch((caught: unknown) => caught as Error);
      expect(String((error as Error).message)).not.toMatch(/zebra|"abc"|"abd"/);
    }
  });

  it('has a case here for each refusal that verifying it can end with', () => {
    const elsewhereTested: readonly OrderRefusal[] = ['policy_behind', 'policy_denied_here', 'stopped_by_kill_switch', 'spool_full', 'clock_untrusted', 'draining'];
    const here = new Set(CASES.map(([refusal]) => refusal));
    expect((Object.keys(ORDER_REFUSALS) as OrderRefusal[]).filter((refusal) => !here.has(refusal))).toEqual(elsewhereTested);
  });
});
