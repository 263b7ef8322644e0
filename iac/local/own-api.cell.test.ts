import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { STAND_IN_TOKEN, startAssetInventory } from '@countersign/connectors/declared/sandbox/asset-inventory.ts';
import type { AssetInventory } from '@countersign/connectors/declared/sandbox/asset-inventory.ts';
import type { CellApi } from './cell/cell-api.ts';
import { ROOT } from './config.ts';
import { anotherPersonOf } from './testing/another-person.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest } from './testing/cell-under-test.ts';

/** A customer's own API, declared by a manifest and connected by nothing but the public API, while its stand-in is there and while it is not. */

let cell: CellUnderTest;
let inventory: AssetInventory;
let api: CellApi;
let operator: CellApi;

const example = (name: string): Promise<string> => readFile(path.join(ROOT, 'connectors/declared/sandbox', name), 'utf8');

beforeAll(async () => {
  cell = await CellUnderTest.start();
  inventory = await startAssetInventory();
  ({ api } = await apiOf(cell));
  operator = await anotherPersonOf(cell, 'operator');
  await api.publishConnector(parse(await example('asset-inventory.yaml')) as object);
  const credential = await api.storeCredential({ name: 'asset-inventory', kind: 'bearer', value: { token: STAND_IN_TOKEN } });
  await api.createInstance({
    connector: 'asset-inventory', connector_version: '1.0.0', name: 'assets', environment: 'prod', base_url: inventory.url, allowed_hosts: [new URL(inventory.url).host], credential_id: credential.id,
  });
  const published = await api.publishWorkflow(await example('asset-reassignment.yaml'));
  await api.activateWorkflow(published.workflow_id, 'prod', published.version);
}, 120_000);

afterAll(async () => {
  await inventory.stop();
  await cell.dispose();
}, 60_000);

const known = new Set<string>();

/** An operator starts a run: nobody approves what they asked for themselves. Gives its id. */
async function started(tag: string, owner: string): Promise<string> {
  await operator.startRun({ workflow: 'asset-reassignment', environment: 'prod', trigger: { tag, owner } });
  const id = await eventually(async () => (await api.runs({ limit: 50 })).items.find((run) => run.workflow_name === 'asset-reassignment' && !known.has(run.id))?.id);
  known.add(id);
  return id;
}

/** Approves whatever the run asks for, until it has ended. */
async function approvedToTheEnd(runId: string) {
  return eventually(async () => {
    const { items } = await api.approvals(runId);
    const open = items.find(({ state }) => state === 'pending');
    if (open !== undefined) await api.vote(open.id, open.action_digest);
    const run = await api.run(runId);
    return ['succeeded', 'failed', 'cancelled'].includes(run.state) ? run : undefined;
  });
}

it('is read, asked about, and written: each write once, with what people saw', async () => {
  const id = await started('LT-1001', 'field-service');
  const run = await approvedToTheEnd(id);
  expect(run).toMatchObject({ state: 'succeeded' });
  expect(inventory.assets.get('LT-1001')).toMatchObject({ owner: 'field-service', version: 2, notes: [{ text: 'Was with unassigned.', ref: expect.stringContaining(id) as string }] });
  expect(run.calls.filter(({ action }) => action === 'asset-inventory/note.add')).toMatchObject([{ state: 'succeeded' }]);
}, 60_000);

it('while it is down nothing is sent to it, no attempt is used up, and when it is back the run goes on', async () => {
  const { port } = new URL(inventory.url);
  await inventory.stop();
  const id = await started('LT-1002', 'service-desk');
  const open = await eventually(async () => {
    const instance = await api.findInstance('assets');
    return instance?.health.circuit === 'closed' ? undefined : instance?.health;
  });
  expect(open).toMatchObject({ circuit: expect.stringMatching(/open/) as string, last_failure_code: 'peer_unavailable' });
  inventory = await startAssetInventory(Number(port));
  expect(await approvedToTheEnd(id)).toMatchObject({ state: 'succeeded' });
  expect((await api.findInstance('assets'))?.health).toMatchObject({ circuit: 'closed' });
  expect(inventory.assets.get('LT-1002')).toMatchObject({ owner: 'service-desk', notes: [{ text: 'Was with team-1.' }] });
}, 120_000);
