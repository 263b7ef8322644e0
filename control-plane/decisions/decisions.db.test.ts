import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedDecision } from '../testing/seeded-decision.ts';
import { seedRun } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let stranger: TestPrincipal;
/** The bundle that the plane signed for `prod` when it began. */
let bundle: { revision: string; seq: number; digest: string; objectKey: string };

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  stranger = await plane.principal(['admin'], await plane.otherTenant());
  const rows = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<{ revision: string; seq: string; digest: string; object_key: string }>(
    { name: 'test.bundle', text: 'SELECT revision, seq, digest, object_key FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2' }, [plane.tenant.tenantId, plane.tenant.environmentId]));
  bundle = { revision: rows[0]!.revision, seq: Number(rows[0]!.seq), digest: rows[0]!.digest, objectKey: rows[0]!.object_key };
});
afterAll(() => plane.stop());

interface Entry { id: string; rules: string[]; outcome: string }
interface Page { items: Entry[]; next_cursor: string | null }

const list = async (query: string, key?: string): Promise<Page> => (await plane.api('GET', `/api/v1/decisions?${query}`, key === undefined ? {} : { key })).body as unknown as Page;
const ids = async (query: string): Promise<string[]> => (await list(query)).items.map((item) => item.id);

describe('the list', () => {
  test('is the workspace\'s own, newest first, page by page without gaps or repeats', async () => {
    const run = await seedRun(plane);
    const seeded: string[] = [];
    for (let minute = 0; minute < 5; minute += 1) seeded.push((await seedDecision(plane, { run, decidedAt: new Date(Date.UTC(2026, 0, 5, 9, minute)) })).id);
    const period = `from=2026-01-05T09:00:00Z&to=2026-01-05T09:05:00Z`;
    const pages: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list(`${period}&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      pages.push(...page.items.map((item) => item.id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(pages).toEqual(seeded.toReversed());
    expect((await list(period, stranger.key)).items).toEqual([]);
  });

  test.each([
    ['environment=prod', true], ['environment=dev', false], ['workflow=triage', true], ['workflow=other', false], ['action=desk/ticket.update', true], ['action=desk/ticket.get', false],
    ['outcome=DENY,REQUIRE_HITL', true], ['outcome=ALLOW', false], ['rule=itsm/write_needs_approval', true], ['rule=itsm/write', false], ['differs=false', true], ['differs=true', false],
    ['from=2026-02-01T00:00:00Z', true], ['from=2026-02-01T00:00:01Z&to=2026-02-02T00:00:00Z', false],
  ])('filter %s', async (filter, found) => {
    const { id } = await seedDecision(plane, { decidedAt: new Date('2026-02-01T00:00:00Z') });
    expect((await ids(`limit=200&${filter}`)).includes(id)).toBe(found);
  });

  test('of a run', async () => {
    const { id, runId } = await seedDecision(plane);
    await seedDecision(plane);
    expect(await ids(`run_id=${runId}`)).toEqual([id]);
  });

  test('a period that is empty, and an unknown filter, are refused by name', async () => {
    const empty = await plane.api('GET', '/api/v1/decisions?from=2026-01-05T09:00:00Z&to=2026-01-05T09:00:00Z');
    expect([empty.status, empty.body['errors']]).toMatchObject([400, [{ field: '/query/from' }]]);
    expect((await plane.api('GET', '/api/v1/decisions?rules=x')).body['errors']).toMatchObject([{ field: '/query/rules', code: 'unknown_field' }]);
  });
});

describe('one decision', () => {
  const read = async (id: string): Promise<Record<string, unknown>> => (await plane.api('GET', `/api/v1/decisions/${id}`)).body;

  test('shows what was asked masked, and never what is under seal', async () => {
    const { id } = await seedDecision(plane, { input: { parameters: { id: 'ticket-1', category: 'very secret' } } });
    const reply = await plane.api('GET', `/api/v1/decisions/${id}`);
    expect(reply.body).toMatchObject({ id, input_state: 'kept', erased: ['/input/parameters'], masked_input: { action: { name: 'ticket.update' } }, path: 'countersign/decision' });
    expect(reply.bytes.toString('utf8')).not.toContain('very secret');
    expect(reply.bytes.toString('utf8')).not.toContain('sealed');
  });

  test('names the rule, its file and the lines of the bundle that decided', async () => {
    const { id } = await seedDecision(plane, { bundle });
    const { explain } = await read(id) as { explain: { source: string; message: string | null; reasons: Array<{ rule: string; layer: string; file: string; line: number; lines: Array<{ line: number; text: string }> }> } };
    expect([explain.source, explain.message]).toEqual(['bundle', null]);
    const [reason] = explain.reasons;
    expect(reason).toMatchObject({ rule: 'itsm/write_needs_approval', layer: 'itsm', file: 'packs/itsm/itsm.rego' });
    const source = (await readFile(path.join(plane.config.policiesFolder, reason!.file), 'utf8')).split('\n');
    expect(source[reason!.line - 1]).toContain('"itsm/write_needs_approval"');
    expect(reason!.lines.map((line) => line.text)).toEqual(source.slice(reason!.lines[0]!.line - 1, reason!.lines.at(-1)!.line));
    expect(reason!.lines.some((line) => line.line === reason!.line)).toBe(true);
    expect(reason!.lines.map((line) => line.text)).toEqual(expect.arrayContaining(['verdicts contains verdict if {', '}']));
  });

  test('who may not read policy gets its rule and place without its text', async () => {
    const { id } = await seedDecision(plane, { bundle });
    const viewer = await plane.principal(['viewer']);
    expect((await plane.api('GET', `/api/v1/decisions/${id}`, { key: viewer.key })).body).toMatchObject({ explain: { source: 'bundle', reasons: [{ rule: 'itsm/write_needs_approval', file: 'packs/itsm/itsm.rego', lines: [] }] } });
  });

  test('rules in shadow mode are explained beside it', async () => {
    const shadows = [{ source: 'rules' as const, outcome: 'DENY' as const, reasons: [{ rule: 'itsm/destructive_denied', message: 'No' }], obligations: {}, bundle: null, differs: true }];
    const { id } = await seedDecision(plane, { bundle, shadows });
    const { explain } = await read(id) as { explain: { unbound: unknown[] } };
    expect(explain.unbound).toMatchObject([{ rule: 'itsm/destructive_denied', file: 'packs/itsm/itsm.rego' }]);
  });

  test('where policy did not decide, the decision point is named', async () => {
    const { id } = await seedDecision(plane, { bundle, outcome: 'DENY', reasons: [{ rule: 'policy_timeout', message: 'Policy took too long' }] });
    expect((await read(id))['explain']).toMatchObject({ source: 'decision_point', reasons: [{ rule: 'policy_timeout', layer: 'decision_point', file: null, lines: [] }] });
  });

  test('a bundle that is unknown, or is not as it was signed any more, is not read from', async () => {
    const { id: unknown } = await seedDecision(plane, { bundle: { ...bundle, digest: `sha256:${'0'.repeat(64)}` } });
    expect((await read(unknown))['explain']).toMatchObject({ source: 'unavailable', message: 'The bundle that decided is not known here.' });
    const { id } = await seedDecision(plane, { bundle });
    const file = path.join(plane.config.objectsFolder, bundle.objectKey);
    const bytes = await readFile(file);
    const altered = Buffer.from(bytes);
    altered[altered.indexOf('A person must approve this write')] = 0x42;
    await writeFile(file, altered);
    expect((await read(id))['explain']).toMatchObject({ source: 'unavailable', reasons: [{ file: null, lines: [] }] });
    await writeFile(file, bytes);
    expect((await read(id))['explain']).toMatchObject({ source: 'bundle' });
  });

  test('another tenant\'s looks like one that does not exist', async () => {
    const { id } = await seedDecision(plane);
    const reply = await plane.api('GET', `/api/v1/decisions/${id}`, { key: stranger.key });
    expect([reply.status, reply.body['code']]).toEqual([404, 'not_found']);
  });
});

describe('the export', () => {
  interface Event { decision_id: string; bundles: unknown; path: string; input: unknown; result: { outcome: string }; erased: string[]; timestamp: string; labels: Record<string, string>; metrics: Record<string, number> }
  const lines = async (query: string, key?: string): Promise<Event[]> => {
    const response = await fetch(`${plane.url}/api/v1/decisions/export?${query}`, { headers: { authorization: `Bearer ${key ?? plane.adminKey}` } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    return (await response.text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Event);
  };

  test('is OPA\'s event per decision, oldest first, and goes on after the last one', async () => {
    const run = await seedRun(plane);
    const seeded: string[] = [];
    // More than a page.
    for (let at = 0; at < 520; at += 1) seeded.push((await seedDecision(plane, { run, bundle, decidedAt: new Date(Date.UTC(2026, 2, 1, 0, 0, at)) })).id);
    const period = 'from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z';
    const all = await lines(period);
    expect(all.map((event) => event.decision_id)).toEqual(seeded);
    expect(all[0]).toMatchObject({
      path: 'countersign/decision', bundles: { [plane.tenant.environmentId]: { revision: bundle.revision } }, result: { outcome: 'REQUIRE_HITL' }, erased: ['/input/parameters'], masked: [],
      input: { action: { name: 'ticket.update' } }, timestamp: '2026-03-01T00:00:00.000Z', labels: { environment: 'prod', workflow: 'triage' }, metrics: { timer_server_handler_ns: 42_000 },
    });
    expect(all[0]!.input).not.toHaveProperty('parameters');
    const first = await lines(`${period}&max=3`);
    expect(first.map((event) => event.decision_id)).toEqual(seeded.slice(0, 3));
    expect((await lines(`${period}&after=${first[2]!.decision_id}`)).map((event) => event.decision_id)).toEqual(seeded.slice(3));
    expect(await lines(`${period}&outcome=ALLOW`)).toEqual([]);
    expect(await lines(period, stranger.key)).toEqual([]);
  });

  test('leaves what may still be written beside others for the next time', async () => {
    const { id } = await seedDecision(plane, { decidedAt: new Date() });
    expect((await lines('from=2026-04-01T00:00:00Z')).map((event) => event.decision_id)).not.toContain(id);
  });

  test('goes on after nothing that is not there, and is audited', async () => {
    const reply = await plane.api('GET', '/api/v1/decisions/export?after=dec_unknown');
    expect([reply.status, reply.body['errors']]).toMatchObject([400, [{ field: '/query/after' }]]);
    expect((await plane.auditEvents()).map((event) => event.type)).toContain('decisions.exported');
  });
});

test('readiness counts what a shadow would have decided otherwise, by group and over days', async () => {
  const shadow = (outcome: 'DENY' | 'REQUIRE_HITL', differs: boolean) => [{ source: 'bundle' as const, outcome, reasons: [{ rule: 'tenant/no_network', message: 'No' }], obligations: {}, bundle: null, differs }];
  const at = (day: number): Date => new Date(Date.UTC(2026, 4, day, 12));
  const differing = [await seedDecision(plane, { shadows: shadow('DENY', true), decidedAt: at(1) }), await seedDecision(plane, { shadows: shadow('DENY', true), decidedAt: at(3) })];
  await seedDecision(plane, { shadows: shadow('REQUIRE_HITL', false), decidedAt: at(3) });
  await seedDecision(plane, { decidedAt: at(4) });
  const reply = await plane.api('GET', '/api/v1/policy-shadow?environment=prod&from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z');
  expect(reply.body['environments']).toEqual([{
    environment: 'prod', environment_id: plane.tenant.environmentId, decisions: 4, shadow_decisions: 3, differing: 2, days_observed: 2,
    first_shadow_at: at(1).toISOString(), last_shadow_at: at(3).toISOString(),
    groups: [{ source: 'bundle', action: 'desk/ticket.update', workflow: 'triage', rule: 'tenant/no_network', from: 'REQUIRE_HITL', to: 'DENY', count: 2, examples: differing.map((one) => one.id).toReversed() }],
  }]);
  const theirs = await plane.api('GET', '/api/v1/policy-shadow?from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z', { key: stranger.key });
  expect((theirs.body['environments'] as Array<{ decisions: number }>).map((one) => one.decisions)).toEqual([0, 0, 0]);
});
