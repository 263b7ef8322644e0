import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ActionManifest, Label } from '@countersign/contracts/connectors/manifest.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { Action, Connector, JsonObject } from '../sdk/connector.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import { asPolicySees } from './labels.ts';
import type { CallResult } from './ports.ts';
import { nextAttempt, testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, seededPolicy, testGateway } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

let seeded: Pdp;
const open: TestGateway[] = [];
beforeAll(async () => { seeded = await seededPolicy(); });
afterAll(() => seeded.stop());
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

const manifest = (risk: ActionManifest['risk'], changes: Partial<ActionManifest> = {}): ActionManifest => ({
  title: 'Do it', risk, reversible: true, idempotent: true, reconcile: false, parameters: { type: 'object' }, output: { type: 'object' }, output_labels: ['trusted_system'],
  sensitive_parameters: [], content_parameters: [], redact: [], timeout_ms: 5_000, ...changes,
});
const echo: Action = { execute: async (_context, parameters) => ({ output: { ...parameters } }) };
const write: Action = {
  ...echo,
  prepare: async (_context, parameters) => ({ parameters, target: { id: 't1', label: 'T\u200b1', version: '1' }, preview: { title: 'Write', fields: [{ name: 'a', label: 'A', before: '', after: String(parameters['a']) }], additions: [] } }),
};

/** Actions that give back what they are given, in every risk; all say of themselves that their output is the system's own. */
const notes: Connector = {
  ...checkManifest({
    name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'],
    actions: {
      find: manifest('read', { local_parameters: ['/name'], parameters: { type: 'object', properties: { name: { type: 'string' } } } }), generate: manifest('model'), write: manifest('write'), ticket: manifest('read', { output_labels: ['ticket_text'] }),
      asking: manifest('read'), leaky: manifest('write'),
    },
  }),
  actions: {
    find: echo, generate: echo, write, ticket: { execute: async () => ({ output: { text: 'Printer\u202e is\u200b out \u{e0068}\u{e0069}' } }) },
    asking: { execute: async (context) => ({ output: await context.call('notes/generate', { input: 'x' }) }) },
    leaky: { ...write, prepare: async (context) => { await context.egress.request({ method: 'GET', path: '/' }); throw new TypeError('it got out'); } },
  },
};

function world(pdp: Pick<Pdp, 'decide'> = fixedPolicy(() => ({ outcome: 'ALLOW' }))): TestGateway {
  const made = testGateway({ connectors: [notes], instances: [instanceOf(notes)], pdp });
  open.push(made);
  return made;
}

async function labelsFrom(call: Promise<CallResult>): Promise<readonly Label[]> {
  const result = await call;
  expect(result).toMatchObject({ kind: 'succeeded' });
  return result.kind === 'succeeded' ? result.outputLabels : [];
}

describe('labels of an output', () => {
  test('of a model are a model\'s, whatever its manifest says, and say which model read what, through several in a row', async () => {
    const { call, asked } = world();
    const ask = (use: string, labels: readonly Label[]) => labelsFrom(call(testIdentity(), 'notes/generate', { input: 'x' }, { labels: { '/input': labels }, model: { use, pinned: true } }));
    const first = await ask('a/1', ['ticket_text', 'trusted_system']);
    expect(first).toEqual(['a/1<ticket_text', 'a/1<trusted_system', 'model_output', 'trusted_system']);
    const second = await ask('b/2', first);
    expect(second).toEqual(['a/1<ticket_text', 'a/1<trusted_system', 'b/2<model_output', 'b/2<trusted_system', 'model_output', 'trusted_system']);
    await call(testIdentity(), 'notes/find', { name: 'x' }, { labels: { '/name': second } });
    expect(asked.at(-1)).toMatchObject({
      labels: { '/name': ['model_output', 'trusted_system'] },
      lineage: { '/name': [{ model: 'a/1', read: ['ticket_text', 'trusted_system'] }, { model: 'b/2', read: ['model_output', 'trusted_system'] }] },
    });
  });

  test('of an action that may say back what it was given are no better than that', async () => {
    const { call } = world();
    const given: readonly Label[] = ['model_output', 'a/1<ticket_text'];
    expect(await labelsFrom(call(testIdentity(), 'notes/find', { name: 'x' }, { labels: { '/name': given } }))).toEqual(['a/1<ticket_text', 'model_output', 'trusted_system']);
    expect(await labelsFrom(call(testIdentity(), 'notes/find', { name: 'x' }, { labels: { '/name': ['configuration'] } }))).toEqual(['trusted_system']);
    expect(await labelsFrom(call(testIdentity(), 'notes/write', { a: 'x' }, { labels: { '/a': given } }))).toContain('model_output');
  });

  test('of a write are the system\'s once people have countersigned just what it was given, also when its outcome is looked up again', async () => {
    const { call, approve } = world(seeded);
    const identity = testIdentity();
    const labels = { '/a': ['model_output'] } as const;
    const asked = await call(identity, 'notes/write', { a: 'x' }, { labels });
    if (asked.kind !== 'waiting_for_approval') throw new TypeError(`nobody was asked: ${asked.kind}`);
    approve(asked.approvalId);
    expect(await labelsFrom(call(nextAttempt(identity), 'notes/write', { a: 'x' }, { labels }))).toEqual(['trusted_system']);
    expect(await labelsFrom(call(nextAttempt(nextAttempt(identity)), 'notes/write', { a: 'x' }, { labels }))).toEqual(['trusted_system']);
  });

  test('hold what a model had part in that the action asked by itself', async () => {
    const { call } = world();
    expect(await labelsFrom(call(testIdentity(), 'notes/asking', {}, { model: { use: 'a/1', pinned: true } }))).toEqual(['a/1<configuration', 'model_output', 'trusted_system']);
  });

  test('a name of a model may hold what separates it from what it read', () => {
    expect(asPolicySees({ '/x': ['odd<name<ticket_text'] })).toEqual({ labels: { '/x': [] }, lineage: { '/x': [{ model: 'odd<name', read: ['ticket_text'] }] } });
  });
});

describe('characters that hide', () => {
  test('never get in, and are known of afterwards', async () => {
    const { call, store } = world();
    const result = await call(testIdentity(), 'notes/ticket', {});
    expect(result).toMatchObject({ kind: 'succeeded', output: { text: 'Printer is out ' }, outputLabels: ['hidden_characters', 'ticket_text'] });
    expect(store.calls[0]?.outcome).toMatchObject({ output: { text: 'Printer is out ' }, hidden: { bidirectional: 1, zero_width: 1, tag: 2 } });
  });

  test('are looked at by a person where something is written because of them, who sees none', async () => {
    const { call, store } = world(seeded);
    const asked = await call(testIdentity(), 'notes/write', { a: 'left\u202eright' }, { labels: { '/a': ['model_output', 'hidden_characters'] } });
    expect(asked.kind).toBe('waiting_for_approval');
    expect(store.decisions.at(-1)?.reasons.map(({ rule }) => rule)).toContain('base/hidden_characters');
    const { preview, target } = store.approvals()[0]!.request;
    expect(preview.fields[0]?.after).toBe('leftright');
    expect(target.label).toBe('T1');
    expect(preview.additions).toEqual([{ label: 'Hidden characters', text: 'What will be sent holds characters that are not shown here: bidirectional:1, zero_width:1.' }]);
  });
});

test('nothing leaves while a write is being prepared', async () => {
  const parameters: JsonObject = { a: 'x' };
  expect(await world(seeded).call(testIdentity(), 'notes/leaky', parameters)).toMatchObject({ kind: 'failed', error: { code: 'host_not_allowed', message: expect.stringContaining('context.call') } });
});

test('every parameter of a read that leaves us chooses what is read', async () => {
  const { call } = world(seeded);
  expect(await call(testIdentity(), 'notes/find', { name: 'x' }, { labels: { '/name': ['model_output'] } })).toMatchObject({ kind: 'succeeded' });
  expect(await call(testIdentity(), 'notes/find', { name: 'x', other: 1 }, { labels: { '/name': ['configuration'], '/other': ['model_output'] } })).toMatchObject({ kind: 'denied', reasons: [{ rule: 'base/untrusted_destination' }] });
});
