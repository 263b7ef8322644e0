import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { EffectExistsError, StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import { actionOf, decisionOf, failed, intentOf, SUCCEEDED } from '@countersign/connectors/gateway/testing/store-records.ts';
import type { StepState } from '@countersign/contracts/states/transitions.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { decideCommand } from '../commands/decide.ts';
import { Contents } from '../contents/contents.ts';
import { claimSteps } from '../dispatch/claim.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { FairShares } from '../dispatch/fair-shares.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Moved, Moves } from '../dispatch/plan-moves.ts';
import { reclaim } from '../dispatch/reclaim.ts';
import { renew } from '../dispatch/repository-claims.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import { findExpiredLeases } from '../dispatch/repository-sweeps.ts';
import { ExecutionError } from '../errors.ts';
import { Intake } from '../intake/intake.ts';
import { Tenants } from '../loops/tenants.ts';
import { identityOf } from '../steps/take-turn.ts';
import { PostgresGatewayStore } from '../store/postgres-gateway-store.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Seeded } from './seeded.ts';
import { StoreModel } from './store-model.ts';

const changes = { changed: () => undefined, stepsReady: () => undefined };
/** So long that nothing comes of itself: what is due and whose lease is over is decided by the operations. */
const LONG_MS = 3_600_000;
const OPERATIONS = 250;

const GRAPH = {
  ...TRIAGE,
  steps: ['a', 'b', 'c', 'd', 'e'].map((id, i) => step({ id, uses: 'ledger/record.get', with: { id: 'x' }, needs: [[], [], ['a'], ['a', 'b'], ['c', 'd']][i]! })),
};

let plant: Plant;
let store: PostgresGatewayStore;
beforeEach(async () => {
  plant = await Plant.open([GRAPH]);
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const contents = new Contents(keys, 14);
  store = new PostgresGatewayStore({ database: plant.database.execution, keys, contents, clock: systemClock, worker: 'test', changes });
});
afterEach(() => plant.close());

const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => plant.database.execution.forTenant(plant.ids.tenantId, work);

interface Held { readonly claimed: ClaimedStep; readonly worker: string; readonly calls: Array<{ readonly real: string; readonly model: string }> }

/** What both did: alike when they say the same. */
type Did = string;

/** The same operations on the real tables, by the real statements, and on the model. */
class Pair {
  readonly model = new StoreModel();
  readonly held: Held[] = [];
  readonly #random: Seeded;
  readonly #runs: readonly string[];
  /** Of the model; it only counts operations, because time is made by them. */
  #now = 0;

  constructor(seed: number, runs: ReadonlyArray<{ id: string; steps: Parameters<StoreModel['addRun']>[1] }>) {
    this.#random = new Seeded('pair', seed);
    this.#runs = runs.map(({ id }) => id);
    for (const run of runs) this.model.addRun(run.id, run.steps, -1);
  }

  async operate(): Promise<[real: Did, model: Did]> {
    this.#now += 1;
    const random = this.#random;
    const operation = random.pick([() => this.#claim(), () => this.#claim(), () => this.#end(), () => this.#end(), () => this.#end(), () => this.#intend(), () => this.#intend(), () => this.#settle(), () => this.#settle(), () => this.#settle(), () => this.#renew(), () => this.#expire(), () => this.#sweep(), () => this.#letBeDue(), () => this.#command()]);
    return operation();
  }

  async #claim(): Promise<[Did, Did]> {
    const worker = `w${this.#random.below(3)}`;
    const limit = this.#random.between(1, 3);
    const { claimed } = await plant.database.execution.forTenants([plant.ids.tenantId], (tx) => claimSteps(tx, new Date(), { worker, leaseMs: LONG_MS, limit, shares: new FairShares() }));
    // Whose turn it is, is another affair (`dispatch/`); what is claimed must be claimable, and become the same.
    const wanted = new Set(claimed.map(({ stepId }) => stepId));
    const modelled = this.model.claim(this.#now, worker, LONG_MS, 100, ({ id }) => wanted.has(id));
    this.held.push(...claimed.map((one): Held => ({ claimed: one, worker, calls: [] })));
    const left = claimed.length > 0 || this.model.claim(this.#now, worker, LONG_MS, 1).length === 0 ? '' : ', and left what could be claimed';
    return [said(claimed.map(({ stepId, fence, attempt, cancelling }) => [stepId, Number(fence), attempt, cancelling === true])) + left, said(modelled.map(({ step, fence, attempt, cancelling }) => [step.id, fence, attempt, cancelling]))];
  }

  async #end(): Promise<[Did, Did]> {
    const held = this.#anyHeld();
    if (held === null) return ['', ''];
    const { claimed, worker } = held;
    const to = this.#random.pick<StepState>(['succeeded', 'succeeded', 'succeeded', 'retrying', 'uncertain', 'dead', 'failed', 'skipped']);
    const goesOn = this.#random.chance(0.5);
    const delay = to === 'retrying' || to === 'uncertain' ? { delay_ms: this.#random.pick([0, LONG_MS]) } : {};
    const moves: Moves = {
      steps: [{ id: claimed.stepId, from: 'leased', to, fence: claimed.fence, lease: 'held', error: to === 'dead' || to === 'failed' ? { code: 'internal', message: 'broken' } : null, ...delay }],
      ...(goesOn ? { continueAs: { worker, leaseMs: LONG_MS } } : {}),
    };
    return this.#move(worker, claimed.facts.run.id, () => moves, (moved) => {
      if (moved?.continued != null) this.held.push({ claimed: { ...claimed, stepId: moved.continued.step.id, key: moved.continued.step.key, fence: moved.continued.fence, attempt: moved.continued.attempt }, worker, calls: [] });
    });
  }

  async #intend(): Promise<[Did, Did]> {
    const held = this.#anyHeld();
    if (held === null) return ['', ''];
    const identity = this.#identity(held);
    const action = actionOf(plant.ids.instanceId, identity);
    const real = await store.commitIntent(identity, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null, { idempotencyKey: held.claimed.stepId })).then(({ callId }) => callId, asError);
    const model = attempt(() => this.model.intend(this.#now, this.#holding(held), null));
    if (typeof real === 'string' && typeof model !== 'string' && model !== null) held.calls.push({ real, model: model.id });
    return [typeof real === 'string' ? 'intended' : real.code, typeof model === 'string' ? model : model === null ? 'exists' : 'intended'];
  }

  async #settle(): Promise<[Did, Did]> {
    const open = this.held.filter(({ calls }) => calls.length > 0);
    if (open.length === 0) return ['', ''];
    const held = this.#random.pick(open);
    const call = this.#random.pick(held.calls);
    const to = this.#random.pick(['succeeded', 'failed', 'uncertain'] as const);
    const real = await store.commitOutcome(this.#identity(held), call.real, to === 'succeeded' ? { ...SUCCEEDED, receipt: null } : failed(to)).then(() => 'settled', (error: unknown) => asError(error).code);
    const model = attempt(() => { this.model.settleCall(this.#now, this.#holding(held), call.model, to); return 'settled'; });
    return [real, model];
  }

  async #renew(): Promise<[Did, Did]> {
    const some = this.held.filter(() => this.#random.chance(0.5));
    const real = await inTenant((tx) => renew(tx, some.map(({ claimed }) => ({ tenantId: plant.ids.tenantId, stepId: claimed.stepId, fence: claimed.fence })), LONG_MS));
    const model = this.model.renew(this.#now, some.map((held) => this.#holding(held)), LONG_MS);
    return [said([...real].sort()), said([...model].sort())];
  }

  /** Some lease ends. */
  async #expire(): Promise<[Did, Did]> {
    const leased = [...this.model.steps.values()].filter(({ state }) => state === 'leased');
    if (leased.length === 0) return ['', ''];
    const one = this.#random.pick(leased);
    await inTenant((tx) => tx.change(sql('pair_expire', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() WHERE id = $1`), [one.id]));
    one.leaseEnds = this.#now - 1;
    return ['', ''];
  }

  async #sweep(): Promise<[Did, Did]> {
    const real = await inTenant((tx) => findExpiredLeases(tx, 100));
    const model = this.model.expired(this.#now);
    const found: [Did, Did] = [said(real.map((row) => [row.step_id, row.fence, row.effect_unknown]).sort()), said(model.map(({ step, fence, effectUnknown }) => [step.id, fence, effectUnknown]).sort())];
    for (const { step_id, run_id, fence, effect_unknown } of real) {
      const moved = await this.#move('sweeper', run_id, (run) => reclaim(run, { stepId: step_id, fence, effectUnknown: effect_unknown, lease: 'expired' }));
      found[0] += moved[0];
      found[1] += moved[1];
    }
    return found;
  }

  /** The back-off of some step is over. */
  async #letBeDue(): Promise<[Did, Did]> {
    const waiting = [...this.model.steps.values()].filter(({ state, availableAt }) => (state === 'retrying' || state === 'uncertain') && availableAt > this.#now);
    if (waiting.length === 0) return ['', ''];
    const one = this.#random.pick(waiting);
    await inTenant((tx) => tx.change(sql('pair_due', `UPDATE execution.steps SET available_at = clock_timestamp() WHERE id = $1`), [one.id]));
    one.availableAt = this.#now;
    return ['', ''];
  }

  async #command(): Promise<[Did, Did]> {
    const run_id = this.#random.pick(this.#runs);
    const kind = this.#random.chance(0.1) ? 'cancel' as const : 'redrive' as const;
    return this.#move('w0', run_id, (run) => decideCommand(run, { tenant_id: run.tenantId, id: 'cmd', run_id, kind, step_key: null, reason: 'because', requested_by: 'prn', bulk_id: null }, this.model.openEffects(run_id)));
  }

  async #move(worker: string, runId: string, decide: (run: LockedRun) => Moves | null, done: (moved: Moved | null) => void = () => undefined): Promise<[Did, Did]> {
    const real = await inTenant((tx) => moveRun(tx, new Date(), { kind: 'worker', id: worker }, plant.ids.tenantId, runId, decide)).catch(asError);
    if (real === null || 'runId' in real) done(real);
    return [real !== null && 'code' in real ? real.code : summary(real), attempt(() => summary(this.model.move(this.#now, worker, runId, decide)))];
  }

  #anyHeld(): Held | null {
    // Most of the time one that was claimed lately; else one whose lease may be long over.
    if (this.held.length === 0) return null;
    return this.#random.chance(0.7) ? this.#random.pick(this.held.slice(-4)) : this.#random.pick(this.held);
  }

  #holding({ claimed, worker }: Held) {
    return { stepId: claimed.stepId, fence: Number(claimed.fence), worker };
  }

  #identity({ claimed }: Held): CallIdentity {
    return identityOf(claimed, 'main');
  }
}

function summary(moved: Moved | null): Did {
  return moved === null ? 'nothing' : said([moved.runState, moved.changed, moved.readied, moved.continued?.step.id ?? null, moved.continued?.fence ?? null]);
}

function said(value: unknown): Did {
  return JSON.stringify(value);
}

function attempt<T>(work: () => T): T | Did {
  try {
    return work();
  } catch (error) {
    return asError(error).code;
  }
}

function asError(error: unknown): { code: string } {
  if (error instanceof StaleLeaseError) return { code: 'stale' };
  if (error instanceof EffectExistsError) return { code: 'exists' };
  if (error instanceof ExecutionError) return { code: error.code };
  throw error;
}

interface Rows { readonly runs: unknown; readonly steps: unknown; readonly leases: unknown; readonly calls: unknown }

async function realRows(): Promise<Rows> {
  return inTenant(async (tx) => ({
    runs: await tx.rows(sql('pair_runs', 'SELECT id, state FROM execution.runs ORDER BY id')),
    steps: await tx.rows(sql('pair_steps', `SELECT id, state, attempt, fence::int AS fence, lease_owner AS owner FROM execution.steps ORDER BY id`)),
    leases: await tx.rows(sql('pair_leases', 'SELECT step_id, fence::int AS fence, worker, state, result FROM execution.step_attempts ORDER BY step_id, fence')),
    calls: await tx.rows(sql('pair_calls', 'SELECT step_id, fence::int AS fence, state FROM execution.tool_calls ORDER BY step_id, fence, state')),
  }));
}

function modelRows({ runs, steps, leases, calls }: StoreModel): Rows {
  const byKey = <T>(rows: readonly T[], key: (row: T) => string): T[] => [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const numbered = ({ step_id, fence }: { step_id: string; fence: number }): string => `${step_id} ${String(fence).padStart(6, '0')}`;
  return {
    runs: byKey([...runs.values()].map(({ id, state }) => ({ id, state })), ({ id }) => id),
    steps: byKey([...steps.values()].map(({ id, state, attempt, fence, owner }) => ({ id, state, attempt, fence, owner })), ({ id }) => id),
    leases: byKey(leases.map(({ stepId, fence, worker, state, result }) => ({ step_id: stepId, fence, worker, state, result })), numbered),
    calls: byKey(calls.map(({ stepId, fence, state }) => ({ step_id: stepId, fence, state })), (call) => `${numbered(call)} ${call.state}`),
  };
}

async function freshRuns(count: number): Promise<Array<{ id: string; steps: Parameters<StoreModel['addRun']>[1] }>> {
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const { execution: database } = plant.database;
  for (let i = 0; i < count; i++) await plant.raise('anything', `rec-${i}`);
  await new Intake({ database, tenants: new Tenants(database), contents: new Contents(keys, 14), changes, clock: systemClock, log: createLogger('test', 'silent'), worker: 'intake' }).turn();
  const rows = await inTenant((tx) => tx.rows<{ run_id: string; id: string; key: string; uses: string; needs: string[]; maxAttempts: number }>(sql('pair_seed', 'SELECT run_id, id, key, uses, needs, max_attempts AS "maxAttempts" FROM execution.steps ORDER BY run_id, ordinal')));
  return [...Map.groupBy(rows, ({ run_id }) => run_id)].map(([id, steps]) => ({ id, steps }));
}

it.each([1, 2, 3])('does in memory what the real statements do in the tables, operation by operation (seed %i)', async (seed) => {
  const pair = new Pair(seed, await freshRuns(8));
  const seen = new Set<Did>();
  for (let i = 0; i < OPERATIONS; i++) {
    const [real, model] = await pair.operate();
    expect(model, `operation ${i}`).toBe(real);
    expect(modelRows(pair.model), `after operation ${i}`).toEqual(await realRows());
    seen.add(real);
  }
  expect([...seen], 'the refusals were among it').toEqual(expect.arrayContaining(['stale', 'nothing', 'intended', 'settled']));
}, 60_000);
