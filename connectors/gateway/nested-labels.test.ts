import { afterEach, expect, test } from 'vitest';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { Connector, JsonObject } from '../sdk/connector.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import { testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

const read = { title: 'Read', risk: 'read', reversible: true, idempotent: true, reconcile: false, timeout_ms: 5_000, sensitive_parameters: ['/place'], content_parameters: [], redact: [], output_labels: ['trusted_system'], parameters: { type: 'object' }, output: { type: 'object' } };
/** `outer` calls `inner` with whatever its parameter `nested` holds. */
const connector: Connector = {
  ...checkManifest({ name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'], actions: { outer: { ...read, sensitive_parameters: [] }, inner: { ...read, sensitive_parameters: [] } } }),
  actions: {
    outer: { execute: async (context, { nested }) => ({ output: await context.call('notes/inner', nested as JsonObject) }) },
    inner: { execute: async () => ({ output: {} }) },
  },
};

const open: TestGateway[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

async function nestedLabels(parameters: JsonObject, labels: Record<string, readonly Label[]>): Promise<unknown> {
  const world = testGateway({ connectors: [connector], instances: [instanceOf(connector)], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
  open.push(world);
  expect(await world.call(testIdentity(), 'notes/outer', parameters, { labels })).toMatchObject({ kind: 'succeeded' });
  return world.asked.find(({ action }) => action.name === 'inner')?.labels;
}

test('what is handed on under its own name keeps its labels, and what was made carries those of everything', async () => {
  const labels = { '/place': ['trusted_system'], '/text': ['model_output'], '/nested': ['configuration'] } as const;
  const all = ['configuration', 'model_output', 'trusted_system'];
  expect(await nestedLabels({ place: 'here', text: 'words', nested: { place: 'here', made: 'here' } }, labels)).toEqual({ '/place': ['trusted_system'], '/made': all });
});

test('another value under the same name is not the one that was trusted, nor is a trusted one under another name', async () => {
  const labels = { '/place': ['trusted_system'], '/text': ['model_output'], '/nested': ['configuration'] } as const;
  const all = ['configuration', 'model_output', 'trusted_system'];
  expect(await nestedLabels({ place: 'here', text: 'there', nested: { place: 'there', text: 'here' } }, labels)).toEqual({ '/place': all, '/text': all });
});

test('a part of a value keeps the label of its part', async () => {
  const labels = { '/place/house': ['ticket_text'], '/place/street': ['trusted_system'], '/nested': ['configuration'] } as const;
  expect(await nestedLabels({ place: { house: 1, street: 'a' }, nested: { place: { house: 1, street: 'a' } } }, labels)).toEqual({ '/place/house': ['ticket_text'], '/place/street': ['trusted_system'] });
});
