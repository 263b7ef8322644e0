import { afterEach, beforeEach, expect, it } from 'vitest';
import { Plant } from '../testing/plant.ts';
import { readLoggedDecisions, sql } from '../testing/queries.ts';
import { testPolicyFiles } from '../testing/test-policy.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

it('a step that policy holds back waits, says why and until when, uses up no attempt, and goes on when policy lets it', async () => {
  await plant.publishPolicy(await testPolicyFiles({ outcome: 'THROTTLE', obligations: { retry_after_ms: 1_000 } }), { seq: 2 });
  await plant.startWorker();
  await plant.raise('leave me');
  const throttled = () => plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => (await readLoggedDecisions(tx)).filter((row) => row['outcome'] === 'THROTTLE').length);
  // More often than the step has attempts.
  await plant.until(async () => (await throttled() > 3 ? true : null));
  const held = await plant.untilRun((run) => run.steps['read']?.state === 'retrying');
  expect(held).toMatchObject({ state: 'running', error: null, steps: { read: { attempt: 0, error: { code: 'policy_throttled', message: expect.stringContaining('As the test says. It is tried again after 1 s') as unknown } } } });
  const [row] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ waits: boolean }>(sql('throttled_step', `
    SELECT available_at > (SELECT max(decided_at) FROM execution.decisions) + interval '900 milliseconds' AS waits FROM execution.steps WHERE tenant_id = $1 AND key = 'read'`), [plant.ids.tenantId]));
  expect(row).toEqual({ waits: true });
  expect(plant.ledger.reads).toBe(0);

  await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 3 });
  expect(await plant.untilRun((run) => run.state === 'succeeded' || run.state === 'failed')).toMatchObject({ state: 'succeeded', steps: { read: { state: 'succeeded', attempt: 1 } } });
});
