import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

let plane: ControlPlaneUnderTest;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  expect((await plane.api('POST', '/api/v1/connectors', { json: { manifest: parse(await read('connectors/servicenow/manifest.yaml')) as object } })).status).toBe(201);
});
afterAll(() => plane.stop());

const publish = (body: string) => plane.api('POST', '/api/v1/workflows', { body, headers: { 'content-type': 'application/yaml' } });

test('every example of the how-to is published as it stands there', async () => {
  const examples = [...(await read('docs/how-to/write-a-workflow.md')).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text ?? '');
  const kinds = new Set(examples.flatMap((text) => [...text.matchAll(/uses: (\S+)/g)].map(([, uses = '']) => uses.split('/')[0])));
  expect([...kinds].toSorted()).toEqual(['map', 'servicenow', 'transform', 'wait', 'workflow']);
  for (const example of examples) {
    const reply = await publish(example);
    expect([reply.status, reply.body['errors']]).toEqual([201, undefined]);
  }
});

test('a circle of workflows is refused when it is closed, and so is one that nobody published', async () => {
  const starting = (name: string, other: string): string => `apiVersion: countersign.dev/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n  trigger: manual\n  steps:\n    - { id: next, uses: ${other} }\n`;
  const harmless = starting('second', 'wait').replace('uses: wait', 'uses: wait, with: { for_ms: 1 }');
  expect((await publish(starting('first', 'workflow/second'))).body).toMatchObject({ code: 'workflow_invalid', errors: [{ code: 'workflow_unknown', line: 7, message: expect.stringContaining('Publish it first') as unknown }] });
  expect((await publish(harmless)).status).toBe(201);
  expect((await publish(starting('first', 'workflow/second'))).status).toBe(201);
  expect((await publish(starting('second', 'workflow/first'))).body).toMatchObject({ errors: [{ code: 'workflow_cycle', message: expect.stringContaining('second -> first -> second') as unknown }] });
});
