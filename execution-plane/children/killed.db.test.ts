import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';

/** A wait, a map of transforms with a sub-workflow in each item, and a wait in each of those: processes die in the middle of all of it. */
const CHILD = { ...TRIAGE, name: 'child', trigger: 'manual' as const, outputs: { twice: '${{ steps.shape.output.twice }}' }, steps: [
  step({ id: 'pause', uses: 'wait', with: { for_ms: 200 } }),
  step({ id: 'shape', uses: 'transform', needs: ['pause'], with: { twice: '${{ trigger.n * 2.0 }}' } }),
] };
const PARENT = { ...TRIAGE, steps: [
  step({ id: 'pause', uses: 'wait', with: { for_ms: 200 } }),
  step({ id: 'all', uses: 'map', needs: ['pause'], with: { items: [1, 2, 3, 4, 5, 6], concurrency: 2 }, steps: [
    step({ id: 'start', uses: 'workflow/child', with: { n: '${{ item }}' } }),
    step({ id: 'line', uses: 'transform', needs: ['start'], with: { twice: '${{ steps.start.output.twice }}' } }),
  ] }),
] };

let plant: Plant;
const started = new Set<ChildProcess>();
beforeEach(async () => { plant = await Plant.open([PARENT, CHILD]); });
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
  await plant.close();
});

async function startProcess(name: string): Promise<ChildProcess> {
  const { databaseUrl, objectsFolder } = plant.config();
  const child = fork(new URL('../main.ts', import.meta.url), { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {
    COUNTERSIGN_EXECUTION_DATABASE_URL: databaseUrl, COUNTERSIGN_OBJECTS_DIR: objectsFolder, COUNTERSIGN_KEY_FILE: `${plant.folder}/key`, COUNTERSIGN_WORKER_ID: name, COUNTERSIGN_LEASE_MS: '600',
    COUNTERSIGN_LOG_LEVEL: 'silent', COUNTERSIGN_RECONCILE_SECONDS: '0' } });
  started.add(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  started.delete(child);
}

it('whoever is killed when, each item has one run, and the map gathers all of them', async () => {
  let worker = await startProcess('worker-0');
  await plant.raise('printers');
  // A kill when the first, the third and the fifth child has been started: in the middle of waits, items and children.
  for (const children of [1, 3, 5]) {
    await plant.until(async () => ((await plant.runs()).length > children ? true : null));
    await kill(worker);
    worker = await startProcess(`worker-${children}`);
  }
  const parent = await plant.until(async () => (await plant.runs()).find(({ steps, state }) => 'all' in steps && ['succeeded', 'failed'].includes(state)) ?? null);
  expect(parent).toMatchObject({ state: 'succeeded', error: null, steps: { all: { state: 'succeeded' }, 'all[5].line': { state: 'succeeded' } } });
  const [families] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('families', `
    SELECT count(*)::int AS children, count(DISTINCT parent_step_id)::int AS of_steps, bool_and(state = 'succeeded') AS ended FROM execution.runs WHERE parent_run_id IS NOT NULL`)));
  expect(families).toEqual({ children: 6, of_steps: 6, ended: true });
}, 90_000);
