import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellApi } from './cell/cell-api.ts';
import type { SandboxClient } from './demo/sandbox-client.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest } from './testing/cell-under-test.ts';
import { PolicyClient } from './testing/policy-client.ts';

type Schemas = components['schemas'];

const FREEZE = `package countersign.tenant

# Nothing is written while the desk's records are being moved.
verdicts contains verdict if {
	input.environment.name == "prod"
	input.action.risk == "write"
	verdict := {
		"outcome": "DENY",
		"rule": "tenant/records_are_moved",
		"message": "The desk's records are being moved",
		"obligations": {},
	}
}
`;

let cell: CellUnderTest;
let api: CellApi;
let sandbox: SandboxClient;
let policy: PolicyClient;

beforeAll(async () => {
  cell = await CellUnderTest.start(['--policy-refresh-seconds', '1']);
  ({ api, sandbox } = await apiOf(cell));
  policy = await PolicyClient.of(cell);
}, 120_000);
afterAll(() => cell.dispose(), 60_000);

it('tells an author what is wrong, and where', async () => {
  const { status, body } = await policy.draft({ 'tenant.rego': FREEZE.replace('action.risk', 'action.rsik') });
  expect([status, body.valid]).toEqual([201, false]);
  expect(body.report.problems).toContainEqual(expect.objectContaining({
    severity: 'error', file: 'tenant/tenant.rego', line: 6, text: '\tinput.action.rsik == "write"', message: expect.stringContaining('rsik') as string, fix: expect.stringContaining('risk') as string,
  }));
}, 60_000);

it('goes from a draft through dev and staging to prod, decides there, and is rolled back', async () => {
  const version = await policy.publish({ 'tenant.rego': FREEZE }, 'The records are moved this weekend');
  const prod = await policy.environmentId('prod');
  const refused = await policy.release({ environment_id: prod, kind: 'release', layer: 'tenant', version, reason: 'straight to prod' });
  expect([refused.status, (refused.body as unknown as { code: string }).code]).toEqual([409, 'policy_not_promoted']);

  const released = await policy.release({ environment_id: await policy.environmentId('dev'), kind: 'release', layer: 'tenant', version, reason: 'to be tried' });
  expect(released.status).toBe(201);
  for (const environment_id of [await policy.environmentId('staging'), prod]) {
    expect((await policy.release({ environment_id, kind: 'promote', reason: 'it held where it was' })).status).toBe(201);
  }

  // A worker has the bundle within a second of hearing of it; a ticket before that is decided by the one before.
  const denied = await eventually(async () => whenIn(await settledRun(), 'failed'));
  expect(denied.decisions.at(-1)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'tenant/records_are_moved' }] });
  const explained = await policy.send<Schemas['DecisionRecord']>('GET', `/api/v1/decisions/${denied.decisions.at(-1)!.id}`);
  expect(JSON.stringify(explained.body)).toContain('tenant/tenant.rego');

  const before = await seqOf(prod);
  expect((await policy.release({ environment_id: prod, kind: 'rollback', to_release_id: null, reason: 'the records have been moved' })).status).toBe(201);
  expect(await seqOf(prod)).toBeGreaterThan(before);
  const asked = await eventually(async () => whenIn(await settledRun(), 'waiting'));
  expect(asked.decisions.at(-1)).toMatchObject({ outcome: 'REQUIRE_HITL' });
}, 180_000);

it('decides beside what is in force, and does not bind', async () => {
  const version = (await policy.send<Schemas['PolicyVersion']>('GET', '/api/v1/policies/tenant/versions/1')).body.version;
  const prod = await policy.environmentId('prod');
  const shadow = await policy.release({ environment_id: prod, mode: 'shadow', kind: 'release', layer: 'tenant', version, reason: 'what would it have denied?' });
  expect(shadow.status).toBe(201);
  // The worker looks for it within a second of hearing of it; tickets before that are decided without.
  const differing = await eventually(async () => {
    const run = await runOf('waiting');
    const { status, body } = await policy.send<{ items: Array<Schemas['DecisionLogEntry']> }>('GET', `/api/v1/decisions?${new URLSearchParams({ run_id: run.id })}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.items.find((decision) => decision.differs);
  });
  expect(differing).toMatchObject({ outcome: 'REQUIRE_HITL' });
  const ended = await policy.send<Schemas['PolicyRelease']>('POST', `/api/v1/policy-releases/${shadow.body.id}/withdraw`, { reason: 'seen enough' });
  expect(ended.status).toBe(200);
}, 180_000);

it('stops at a kill switch, and goes on when it is released', async () => {
  const set = await policy.send<Schemas['KillSwitch']>('POST', '/api/v1/kill-switches', { scope: 'environment', id: await policy.environmentId('prod'), reason: 'something is wrong' });
  expect(set.status).toBe(201);
  // It binds within a second, and not at once: a ticket that came before may still pass, and one that came after the release may not.
  const stopped = await eventually(async () => {
    const [ticket] = await sandbox.raise(1);
    const item = await eventually(async () => (await api.runs({ q: ticket!.number, limit: 1 })).items[0]);
    const run = await eventually(async () => [await api.run(item.id)].find((one) => isStopped(one) || one.state === 'waiting'));
    return isStopped(run) ? run : undefined;
  });
  expect(stopped.decisions.at(-1)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'base/kill_switch' }] });
  expect((await policy.send('POST', `/api/v1/kill-switches/${set.body.id}/release`, { reason: 'mended' })).status).toBe(200);
  const asked = await eventually(async () => whenIn(await settledRun(), 'waiting'));
  expect(asked.decisions.at(-1)).toMatchObject({ outcome: 'REQUIRE_HITL' });
  // What was stopped goes on by itself.
  await eventually(async () => whenIn(await api.run(stopped.id), 'waiting'));
}, 120_000);

function isStopped(run: Schemas['Run']): boolean {
  return run.steps.some((step) => step.state === 'retrying' && step.error?.code === 'stopped_by_kill_switch');
}

/** Raises a ticket and gives its run once it waits for a person or has ended. */
async function settledRun(): Promise<Schemas['Run']> {
  const [ticket] = await sandbox.raise(1);
  const item = await eventually(async () => (await api.runs({ q: ticket!.number, limit: 1 })).items.find((run) => ['waiting', 'failed', 'succeeded', 'cancelled'].includes(run.state)));
  return api.run(item.id);
}

function whenIn(run: Schemas['Run'], state: Schemas['RunState']): Schemas['Run'] | undefined {
  return run.state === state ? run : undefined;
}

async function runOf(state: Schemas['RunState']): Promise<Schemas['Run']> {
  const run = await settledRun();
  expect(run.state, JSON.stringify(run.error)).toBe(state);
  return run;
}

async function seqOf(environmentId: string): Promise<number> {
  return (await api.policy()).find((status) => status.environment_id === environmentId && status.mode === 'enforce')!.seq;
}
