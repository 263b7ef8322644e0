import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { SchemaChecks } from '../connectors/schema-checks.ts';
import { compileWorkflow } from './compile.ts';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** As published by the seed: the connectors' own manifests, and the workflows as they are committed. */
test.each([['incident-triage', [['incident', []], ['triage', ['incident']], ['update', ['triage']]]], ['classifier-training', [['train', []]]], ['incident-undo', [['undo', []]]], ['issue-triage', [['issue', []], ['triage', ['issue']], ['label', ['triage']], ['comment', ['label', 'triage']]]]])('%s compiles against the connectors it uses', async (name, graph) => {
  const checks = new SchemaChecks();
  const manifestSchema = JSON.parse(await read('contracts/connectors/manifest.schema.json')) as object;
  const manifests = new Map<string, { manifest: ConnectorManifest; digest: string }>();
  for (const connector of ['servicenow', 'github', 'classifier']) {
    const manifest = parse(await read(`connectors/${connector}/manifest.yaml`)) as ConnectorManifest;
    expect(checks.check('manifest', manifestSchema, manifest)).toEqual([]);
    manifests.set(connector, { manifest, digest: connector });
  }
  const schema = JSON.parse(await read('contracts/workflow/workflow.schema.json')) as object;
  const compiled = compileWorkflow(await read(`workflows/${name}.yaml`), { schema, checks, manifests });
  expect('definition' in compiled ? compiled.definition.steps.map((step) => [step.id, step.needs]) : compiled.problems).toEqual(graph);
});
