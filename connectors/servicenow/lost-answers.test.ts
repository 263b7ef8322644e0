import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CallResult } from '../gateway/ports.ts';
import { nextAttempt } from '../gateway/testing/identities.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { HIDDEN_JOURNAL_USER, NO_JOURNAL_USER } from './sandbox/accounts.ts';
import { ACTION_MS, basic, Desk, proposal, SETTLED_MS, succeeded } from './testing/desk.ts';

let desk: Desk;
beforeAll(async () => { desk = await Desk.open(); });
afterAll(() => desk.close());
afterEach(() => desk.clear());

interface Subject {
  readonly action: string;
  /** Which request is the write. */
  readonly request: { readonly method: string; readonly table: string };
  /** Parameters for a new record, and how often the effect is there now. */
  ready(world: TestGateway): Promise<{ readonly parameters: JsonObject; readonly effects: () => number }>;
}

const PATCH = { method: 'PATCH', table: 'incident' };

/** The writes besides `incident.update`, each with what counts as its effect. */
const SUBJECTS: readonly Subject[] = [
  {
    action: 'servicenow/incident.add-work-note', request: PATCH,
    async ready() {
      const sysId = await desk.raise();
      return { parameters: { sys_id: sysId, work_note: 'Seen by a test.' }, effects: () => desk.notes(sysId).length };
    },
  },
  {
    action: 'servicenow/incident.attach', request: { method: 'POST', table: 'file' },
    async ready() {
      const sysId = await desk.raise();
      return {
        parameters: { sys_id: sysId, file_name: 'log.txt', content_type: 'text/plain', content_base64: Buffer.from('the log').toString('base64') },
        effects: () => desk.attachments(sysId).length,
      };
    },
  },
  {
    action: 'servicenow/incident.undo-update', request: PATCH,
    async ready(world) {
      const sysId = await desk.raise();
      const { identity } = await desk.approved(world, proposal(sysId));
      const { output } = succeeded(await world.call(nextAttempt(identity), 'servicenow/incident.update', proposal(sysId)));
      return { parameters: output['undo'] as JsonObject, effects: () => desk.notes(sysId).length - 1 };
    },
  },
];

describe.each(SUBJECTS)('$action', ({ action, request, ready }) => {
  test.each([
    ['cut before the effect', { kind: 'drop' }, 'uncertain'],
    ['cut after the effect', { kind: 'drop_after_effect' }, 'uncertain'],
    ['an error page instead of the answer, no effect', { kind: 'answer' }, 'uncertain'],
    ['an error page after the effect', { kind: 'answer_after_effect' }, 'uncertain'],
    ['a page with 200 after the effect', { kind: 'answer_after_effect', status: 200 }, 'uncertain'],
    ['a refusal', { kind: 'answer', status: 429, content_type: 'application/json', body: '{"error":{"message":"Rate limit exceeded","detail":null},"status":"failure"}' }, 'failed'],
  ])('%s', async (_what, fault, first) => {
    const world = desk.connect();
    const { parameters, effects } = await ready(world);
    const before = world.store.approvals().length;
    const { identity } = await desk.approved(world, parameters, action);
    await desk.control('POST', 'faults', { ...request, ...fault });
    const { results, asked } = await desk.untilDone(world, identity, parameters, action);
    expect(results.map(({ kind }) => kind)).toEqual([first, 'succeeded']);
    expect([effects(), asked - before, world.errors]).toEqual([1, 1, []]);
  });

  test('cut before anything was sent', async () => {
    const world = desk.connect();
    const { parameters, effects } = await ready(world);
    const { identity } = await desk.approved(world, parameters, action);
    await desk.control('POST', 'faults', { method: 'GET', table: 'incident', kind: 'drop' });
    const { results } = await desk.untilDone(world, identity, parameters, action);
    expect(results).toMatchObject([{ kind: 'failed', error: { code: 'peer_connection_lost' } }, { kind: 'succeeded' }]);
    expect(effects()).toBe(1);
  });

  test('an answer that comes too late is asked about once it can no longer arrive', async () => {
    const world = desk.connect(basic(), { header_timeout_ms: 300 });
    const { parameters, effects } = await ready(world);
    const { identity } = await desk.approved(world, parameters, action);
    await desk.control('POST', 'faults', { ...request, kind: 'slow_answer', delay_ms: 1_000 });
    const { results } = await desk.untilDone(world, identity, parameters, action);
    expect(results[0]).toMatchObject({ kind: 'uncertain', error: { code: 'peer_timeout', retryAfterMs: ACTION_MS } });
    expect([results.at(-1)?.kind, effects()]).toEqual(['succeeded', 1]);
  });

  test.each([['before', false], ['after', true]])('a worker that died right %s the effect', async (_when, happened) => {
    const world = desk.connect();
    const { parameters, effects } = await ready(world);
    const { identity } = await desk.approved(world, parameters, action);
    const second = nextAttempt(identity);
    const prototype = Object.getPrototypeOf(world.store) as typeof world.store;
    world.store.commitOutcome = async (...given) => {
      if (given[0].callKey === 'main') throw new TypeError('the worker is gone');
      return prototype.commitOutcome.apply(world.store, given);
    };
    if (!happened) await desk.control('POST', 'faults', { ...request, kind: 'drop' });
    await expect(world.call(second, action, parameters)).rejects.toThrow('the worker is gone');
    world.store.commitOutcome = prototype.commitOutcome;
    expect(effects()).toBe(happened ? 1 : 0);
    world.later(SETTLED_MS);
    succeeded(await world.call(nextAttempt(second), action, parameters));
    expect(effects()).toBe(1);
  });

  test('is not made twice, however often the step is run again', async () => {
    const world = desk.connect();
    const { parameters, effects } = await ready(world);
    const { identity } = await desk.approved(world, parameters, action);
    const first = succeeded(await world.call(nextAttempt(identity), action, parameters));
    const second = succeeded(await world.call(nextAttempt(nextAttempt(identity)), action, parameters));
    expect([second.callId, second.output, effects()]).toEqual([first.callId, first.output, 1]);
  });
});

test.each([NO_JOURNAL_USER, HIDDEN_JOURNAL_USER])('a note that %s cannot see stays uncertain, and is not sent again', async (user) => {
  const world = desk.connect(basic(user));
  const sysId = await desk.raise();
  const parameters = { sys_id: sysId, work_note: 'Seen by a test.' };
  const { identity } = await desk.approved(world, parameters, 'servicenow/incident.add-work-note');
  await desk.control('POST', 'faults', { ...PATCH, kind: 'drop_after_effect' });
  const { results } = await desk.untilDone(world, identity, parameters, 'servicenow/incident.add-work-note');
  expect(new Set(results.map((result: CallResult) => result.kind))).toEqual(new Set(['uncertain']));
  expect(desk.notes(sysId)).toHaveLength(1);
});
