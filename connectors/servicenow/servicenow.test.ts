import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CallResult } from '../gateway/ports.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { servicenow } from './connector.ts';
import { HIDDEN_JOURNAL_USER, NO_JOURNAL_USER } from './sandbox/accounts.ts';
import { Random } from './sandbox/generate/random.ts';
import { basic, Desk, proposal, SETTLED_MS, succeeded, waiting } from './testing/desk.ts';

let desk: Desk;
beforeAll(async () => { desk = await Desk.open({ oauth: { clientId: 'the-client', clientSecret: 'the-secret' }, apiKey: 'the-key' }); });
afterAll(() => desk.close());
afterEach(() => desk.clear());

describe('reads', () => {
  test('an incident comes flat, with the group by id and name, and without its journal', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { output, outputLabels } = succeeded(await world.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }));
    expect(output).toMatchObject({ sys_id: sysId, short_description: 'VPN drops every few minutes', state: '1', sys_mod_count: '0', assignment_group: { value: '', display_value: '' } });
    expect(Object.keys(output)).not.toContain('work_notes');
    expect(outputLabels).toEqual(['ticket_text']);
    expect(world.store.calls).toMatchObject([{ state: 'succeeded', outcome: { requestDigest: expect.stringMatching(/^sha256:/), responseDigest: expect.stringMatching(/^sha256:/) } }]);
  });

  test('OAuth client credentials and API keys work as basic does, one token for many calls', async () => {
    const sysId = await desk.raise();
    const oauth = desk.connect({ kind: 'oauth_client_credentials', clientId: 'the-client', clientSecret: 'the-secret', tokenPath: '/oauth_token.do' });
    await Promise.all([1, 2, 3].map(async () => succeeded(await oauth.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }))));
    succeeded(await oauth.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }));
    const { requests } = await desk.control('GET', 'requests') as { requests: Array<{ path: string }> };
    expect(requests.filter(({ path }) => path === '/oauth_token.do')).toHaveLength(1);
    succeeded(await desk.connect({ kind: 'api_key', header: 'x-sn-apikey', value: 'the-key' }).call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }));
  });

  test('a wrong password, an unknown record and a wrong client secret say what to check, and nothing secret', async () => {
    const refused = async (world: TestGateway, sysId: string) => (await world.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }) as Extract<CallResult, { kind: 'failed' }>).error;
    expect(await refused(desk.connect(basic('countersign.integration', 'wrong-password')), await desk.raise())).toMatchObject({ code: 'peer_unauthenticated', retryable: false });
    expect(await refused(desk.connect(), 'f'.repeat(32))).toMatchObject({ code: 'peer_not_found', retryable: false });
    const error = await refused(desk.connect({ kind: 'oauth_client_credentials', clientId: 'the-client', clientSecret: 'not-the-secret', tokenPath: '/oauth_token.do' }), await desk.raise());
    expect(error).toMatchObject({ code: 'peer_unauthenticated', retryable: false });
    expect(JSON.stringify(error)).not.toContain('not-the-secret');
  });

  test('rate limits, proxies and cut connections are told apart, and can be tried again', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const errorWith = async (fault: object) => {
      await desk.control('POST', 'faults', { method: 'GET', table: 'incident', ...fault });
      return (await world.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }) as Extract<CallResult, { kind: 'failed' }>).error;
    };
    expect(await errorWith({ kind: 'answer' })).toMatchObject({ code: 'peer_unavailable', retryable: true });
    expect(await errorWith({ kind: 'answer', status: 200, body: '<html>sleeping</html>' })).toMatchObject({ code: 'response_not_json', retryable: true });
    expect(await errorWith({ kind: 'answer', status: 200, content_type: 'application/json', body: '{"result":[' })).toMatchObject({ code: 'response_not_json' });
    expect(await errorWith({ kind: 'answer', status: 200, content_type: 'application/json', body: '{"no":1}' })).toMatchObject({ code: 'response_invalid' });
    expect(await errorWith({ kind: 'drop' })).toMatchObject({ code: 'peer_connection_lost', retryable: true });
    await desk.control('PUT', 'rate-limits', { rules: [{ requests_per_hour: 0, table: 'incident' }] });
    const limited = (await world.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }) as Extract<CallResult, { kind: 'failed' }>).error;
    expect(limited).toMatchObject({ code: 'peer_rate_limited', retryable: true });
    expect(limited.retryAfterMs).toBeGreaterThan(0);
  });
});

describe('the update', () => {
  test('is shown with labels before it is approved, and then is exactly what is written', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    const { request } = world.store.approvals()[0]!;
    expect(request.preview.fields).toEqual(expect.arrayContaining([
      { name: 'category', label: 'Category', before: expect.any(String), after: 'Network' },
      { name: 'assignment_group', label: 'Assignment group', before: '', after: 'Network Operations' },
      { name: 'priority', label: 'Priority', before: expect.any(String), after: expect.stringContaining('2') },
    ]));
    expect(request.target).toMatchObject({ id: sysId, version: '0' });
    expect(JSON.stringify(request.action)).not.toContain('Proposed by a test');
    expect(desk.notes(sysId)).toHaveLength(0);

    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), 'servicenow/incident.update', proposal(sysId)));
    const reference = String(request.action.parameters['reference']);
    expect(reference).toMatch(new RegExp(`^${identity.run.id}/[0-9a-f]{12}$`));
    expect(desk.record(sysId)).toMatchObject({ category: 'network', subcategory: 'vpn', impact: '2', urgency: '1', priority: '2', sys_mod_count: '1' });
    expect(desk.notes(sysId).map((row) => row['value'])).toEqual([`Proposed by a test.\n\n[ref: ${reference}]`]);
    expect(output).toMatchObject({ sys_id: sysId, priority: '2', not_kept: [] });
    expect(receipt).toMatchObject({ target_id: sysId, version_before: '0', version_after: '1', written_versions: [`${sysId}:1`, `${sysId}:1:update`], verified_by_reading_back: true });
  });

  test('is not made twice, however often the step is run again', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    const first = succeeded(await world.call(nextAttempt(identity), 'servicenow/incident.update', proposal(sysId)));
    const second = succeeded(await world.call(nextAttempt(nextAttempt(identity)), 'servicenow/incident.update', proposal(sysId)));
    expect(second.callId).toBe(first.callId);
    expect(second.output).toEqual(first.output);
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test.each([
    ['a category that is in no list', { category: 'mainframes' }, 'category: it is not in'],
    ['a retired category', { category: 'mainframe' }, 'category: it is not in'],
    ['a subcategory of another category', { category: 'database', subcategory: 'vpn' }, 'subcategory: it is not in'],
    ['an impact that does not exist', { impact: '9' }, 'impact: it is not in'],
    ['a priority no rule gives', { priority: '9' }, 'priority: no rule'],
    ['a priority that contradicts the impact', { priority: '1', impact: '3' }, 'priority: no rule'],
  ])('%s is refused before anybody is asked', async (_what, parameters, message) => {
    const world = desk.connect();
    const result = await world.call(testIdentity(), 'servicenow/incident.update', { sys_id: await desk.raise(), ...parameters });
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid', retryable: false } });
    expect((result as Extract<CallResult, { kind: 'failed' }>).error.message).toContain(message);
    expect(world.store.approvals()).toEqual([]);
  });

  test.each([['no group', 'Nobody at all', 'reference_not_found'], ['a retired group', 'Network Operations (retired)', 'reference_not_found'], ['another spelling', 'network operations', 'reference_not_found']])('%s is refused', async (_what, name, code) => {
    expect(await desk.connect().call(testIdentity(), 'servicenow/incident.update', { sys_id: await desk.raise(), assignment_group: name })).toMatchObject({ kind: 'failed', error: { code } });
  });

  test('a closed incident is not touched, and neither is one that was closed after approval', async () => {
    const world = desk.connect();
    const closed = desk.sandbox.store.rows('incident').find((row) => row['state'] === '7')!;
    expect(await world.call(testIdentity(), 'servicenow/incident.update', { sys_id: closed['sys_id']!, urgency: '1' })).toMatchObject({ kind: 'failed', error: { code: 'target_closed', retryable: false } });
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.asAdmin(sysId, { state: '8' });
    expect(await world.call(nextAttempt(identity), 'servicenow/incident.update', proposal(sysId))).toMatchObject({ kind: 'failed', error: { code: 'target_closed' } });
    expect(desk.notes(sysId)).toHaveLength(0);
  });

  test('a record that changed after approval is proposed anew: another action, another approval', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity, approvalId } = await desk.approved(world, proposal(sysId));
    await desk.asAdmin(sysId, { urgency: '1' });
    const second = nextAttempt(identity);
    expect(await world.call(second, 'servicenow/incident.update', proposal(sysId))).toMatchObject({ kind: 'failed', error: { code: 'target_changed', retryable: true } });
    const third = nextAttempt(second);
    const again = waiting(await world.call(third, 'servicenow/incident.update', proposal(sysId)));
    expect(again).not.toBe(approvalId);
    world.approve(again);
    succeeded(await world.call(nextAttempt(third), 'servicenow/incident.update', proposal(sysId)));
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test('a category without a subcategory clears one that does not belong to it, in plain sight', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    await desk.asAdmin(sysId, { category: 'network', subcategory: 'vpn' });
    await desk.approved(world, { sys_id: sysId, category: 'database' });
    expect(world.store.approvals()[0]!.request.preview.fields).toEqual(expect.arrayContaining([{ name: 'subcategory', label: 'Subcategory', before: expect.any(String), after: '' }]));
  });
});

/** Where an answer can get lost. Whatever happens, the record ends up with one work note. */
describe('lost answers', () => {
  const PATCH = { method: 'PATCH', table: 'incident' };

  test.each([
    ['cut before the effect', { kind: 'drop' }, 'uncertain'],
    ['cut after the effect', { kind: 'drop_after_effect' }, 'uncertain'],
    ['an error page instead of the answer, no effect', { kind: 'answer' }, 'uncertain'],
    ['an error page after the effect', { kind: 'answer_after_effect' }, 'uncertain'],
    ['a page that is no JSON after the effect, with 200', { kind: 'answer_after_effect', status: 200 }, 'uncertain'],
    ['JSON that is no record after the effect', { kind: 'answer_after_effect', status: 200, content_type: 'application/json', body: '{}' }, 'uncertain'],
    ['a refusal', { kind: 'answer', status: 429, content_type: 'application/json', body: '{"error":{"message":"Rate limit exceeded","detail":null},"status":"failure"}' }, 'failed'],
  ])('%s', async (_what, fault, first) => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.control('POST', 'faults', { ...PATCH, ...fault });
    const { results, asked } = await desk.untilDone(world, identity, proposal(sysId));
    expect(results.map(({ kind }) => kind)).toEqual([first, 'succeeded']);
    expect(desk.notes(sysId)).toHaveLength(1);
    expect(desk.record(sysId)).toMatchObject({ category: 'network', priority: '2', sys_mod_count: '1' });
    // One approval is for one effect: a lost answer does not make people approve again.
    expect(asked).toBe(1);
    expect(world.errors).toEqual([]);
  });

  test('cut while looking before the write: nothing was sent', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.control('POST', 'faults', { method: 'GET', table: 'incident', kind: 'drop' });
    const { results, asked } = await desk.untilDone(world, identity, proposal(sysId));
    expect(results).toMatchObject([{ kind: 'failed', error: { code: 'peer_connection_lost', retryable: true } }, { kind: 'succeeded' }]);
    expect([desk.notes(sysId).length, asked]).toEqual([1, 1]);
  });

  test('an answer that comes too late', async () => {
    const world = desk.connect(basic(), { header_timeout_ms: 300 });
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.control('POST', 'faults', { ...PATCH, kind: 'slow_answer', delay_ms: 1_500 });
    const { results } = await desk.untilDone(world, identity, proposal(sysId));
    expect(results[0]).toMatchObject({ kind: 'uncertain', error: { code: 'peer_timeout', retryAfterMs: 60_000 } });
    expect(results.at(-1)).toMatchObject({ kind: 'succeeded', receipt: { version_before: '0', version_after: '1', written_versions: [`${sysId}:1`, `${sysId}:1:update`] } });
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test('a worker that died right after its intent, before and after the effect', async () => {
    for (const happened of [false, true]) {
      const world = desk.connect();
      const sysId = await desk.raise();
      const { identity } = await desk.approved(world, proposal(sysId));
      const second = nextAttempt(identity);
      const dying = new AbortController();
      world.store.commitOutcome = async (...given) => {
        if (given[0].callKey === 'main') throw new TypeError('the worker is gone');
        return Object.getPrototypeOf(world.store).commitOutcome.apply(world.store, given);
      };
      if (!happened) await desk.control('POST', 'faults', { ...PATCH, kind: 'drop' });
      await expect(world.call(second, 'servicenow/incident.update', proposal(sysId), { signal: dying.signal })).rejects.toThrow('the worker is gone');
      world.store.commitOutcome = Object.getPrototypeOf(world.store).commitOutcome;
      expect(world.store.calls.at(-1)).toMatchObject({ state: 'intended' });
      expect(desk.notes(sysId)).toHaveLength(happened ? 1 : 0);
      world.later(SETTLED_MS);
      succeeded(await world.call(nextAttempt(second), 'servicenow/incident.update', proposal(sysId)));
      expect(desk.notes(sysId)).toHaveLength(1);
      expect(world.store.approvals()).toHaveLength(1);
    }
  });

  test('any of them, in any order, at any request, with the worker dying in between', async () => {
    const random = new Random(20_261_121);
    for (let ticket = 0; ticket < 25; ticket += 1) {
      const world = desk.connect();
      const sysId = await desk.raise();
      const { identity } = await desk.approved(world, proposal(sysId));
      const faults = Array.from({ length: random.between(1, 3) }, () => ({
        kind: random.pick(['drop', 'drop_after_effect', 'answer', 'answer_after_effect']), ...random.pick([PATCH, PATCH, { method: 'GET', table: 'incident' }, { method: 'GET', table: 'sys_journal_field' }]),
      }));
      for (const fault of faults) await desk.control('POST', 'faults', fault);
      const commit = world.store.commitOutcome.bind(world.store);
      let deaths = random.between(0, 2);
      world.store.commitOutcome = async (call, ...rest) => {
        if (call.callKey === 'main' && deaths > 0 && (deaths -= 1) >= 0) throw new TypeError('the worker is gone');
        return commit(call, ...rest);
      };
      let current = identity;
      let result: CallResult | null = null;
      for (let attempt = 0; attempt < 10 && result?.kind !== 'succeeded'; attempt += 1) {
        current = nextAttempt(current);
        result = await world.call(current, 'servicenow/incident.update', proposal(sysId)).catch(() => null);
        world.later(SETTLED_MS);
      }
      await desk.control('DELETE', 'faults');
      expect([faults, result?.kind, desk.notes(sysId).length, desk.record(sysId)['sys_mod_count'], world.store.approvals().length]).toEqual([faults, 'succeeded', 1, '1', 1]);
    }
  });

  test('losing the look back does not unmake the write', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    // The first GET is the look before the write, the second the look after it.
    await desk.control('POST', 'faults', { method: 'GET', table: 'incident', kind: 'slow', delay_ms: 0 });
    await desk.control('POST', 'faults', { method: 'GET', table: 'incident', kind: 'drop' });
    const { receipt } = succeeded(await world.call(nextAttempt(identity), 'servicenow/incident.update', proposal(sysId)));
    expect(receipt).toMatchObject({ version_after: '1', verified_by_reading_back: false });
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test.each([['refuses to show', NO_JOURNAL_USER], ['silently hides', HIDDEN_JOURNAL_USER]])('an instance that %s work notes leaves it uncertain, and nothing is sent again', async (_how, user) => {
    const world = desk.connect(basic(user));
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, proposal(sysId));
    await desk.control('POST', 'faults', { ...PATCH, kind: 'drop_after_effect' });
    const { results } = await desk.untilDone(world, identity, proposal(sysId));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['uncertain']));
    expect(desk.notes(sysId)).toHaveLength(1);
    // What can be ruled out without the journal is: an unchanged record was not written to.
    const untouched = await desk.raise();
    const other = await desk.approved(world, proposal(untouched));
    await desk.control('POST', 'faults', { ...PATCH, kind: 'drop' });
    expect((await desk.untilDone(world, other.identity, proposal(untouched))).results.at(-1)).toMatchObject({ kind: 'succeeded' });
    expect(desk.notes(untouched)).toHaveLength(1);
  });
});

describe('the reconciler', () => {
  test('finds what webhooks lost, as the webhook would have said it, and not our own writes', async () => {
    const world = desk.connect();
    const identity = testIdentity();
    const context = {
      instance: { id: 'ins_servicenow', name: 'servicenow', settings: { integration_user: 'countersign.integration' } },
      now: () => new Date(),
      call: async (action: string, parameters: JsonObject) => succeeded(await world.call(identity, action, parameters)).output,
    };
    const start = await servicenow.reconciler!.poll(context, null);
    expect(start.found).toEqual([]);
    const sysId = await desk.raise();
    const { cursor, found } = await servicenow.reconciler!.poll(context, start.cursor);
    expect(found).toContainEqual({ table: 'incident', sys_id: sysId, number: desk.record(sysId)['number'], sys_mod_count: '0', operation: 'insert', sys_updated_by: desk.record(sysId)['sys_updated_by'] });
    expect(cursor >= start.cursor).toBe(true);
    const write = await desk.approved(world, proposal(sysId));
    succeeded(await world.call(nextAttempt(write.identity), 'servicenow/incident.update', proposal(sysId)));
    expect((await servicenow.reconciler!.poll(context, cursor)).found.map((each) => each['sys_id'])).not.toContain(sysId);
    // Policy was asked about each of its reads.
    expect(world.asked.filter((input) => input.action.name === 'incident.query')).toHaveLength(2);
  });
});
