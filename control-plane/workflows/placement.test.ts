import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { SchemaChecks } from '../connectors/schema-checks.ts';
import { deskManifest } from '../testing/manifests.ts';
import { compileWorkflow } from './compile.ts';

const schema = JSON.parse(await readFile(new URL('../../contracts/workflow/workflow.schema.json', import.meta.url), 'utf8')) as object;
const checks = new SchemaChecks();
const manifests = new Map([['desk', { manifest: deskManifest(), digest: 'sha256:desk' }]]);
const POOLS = new Set(['onprem', 'plant']);

/** `spec` stands in line 4, the steps from line 8 on. */
const workflow = (placement: string, ...steps: readonly string[]): string => `apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: triage }
spec:
  trigger: { connector: desk, event: ticket.created }
  ${placement}
  steps:
${steps.map((step) => `    - { ${step} }`).join('\n')}
`;
const READ = 'uses: desk/ticket.get, with: { id: "${{ trigger.id }}" }';

function compiled(text: string, pools: ReadonlySet<string> | null = POOLS) {
  return compileWorkflow(text, { schema, checks, manifests, ...(pools === null ? {} : { pools }) });
}

describe('placement', () => {
  test('of the workflow holds for every action of a connector that has none of its own, those of items too, and for nothing else', () => {
    const text = workflow('placement: agent:onprem',
      `id: one, ${READ}`, `id: two, placement: agent:plant, ${READ}`, `id: three, placement: cell, ${READ}`, 'id: pause, uses: wait, with: { for_ms: 1 }', `id: all, uses: map, with: { items: [1] }, steps: [{ id: four, ${READ} }]`);
    const result = compiled(text);
    if ('problems' in result) throw new TypeError(JSON.stringify(result.problems));
    const steps = result.definition.steps.flatMap((step) => [step, ...step.steps ?? []]);
    expect(steps.map(({ id, placement }) => [id, placement])).toEqual([['one', 'agent:onprem'], ['two', 'agent:plant'], ['three', undefined], ['pause', undefined], ['all', undefined], ['four', 'agent:onprem']]);
  });

  test.each<[string, string, string, string, number, string]>([
    ['a pool that there is not', 'placement: agent:onpram', `id: one, ${READ}`, 'pool_unknown', 6, 'There are: onprem, plant'],
    ['a pool that there is not, of one step', 'priority: low', `id: one, placement: agent:west, ${READ}`, 'pool_unknown', 8, 'countersign agent-pools'],
    ['no place', 'placement: onprem', `id: one, ${READ}`, 'pattern', 6, ''],
    ['the place of a wait', 'priority: low', 'id: one, placement: agent:onprem, uses: wait, with: { for_ms: 1 }', 'field_misplaced', 8, 'only actions of connectors'],
    ['the place of a model', 'priority: low', 'id: one, placement: agent:onprem, uses: model/generate, with: { model: triage, input: x }', 'field_misplaced', 8, 'only actions of connectors'],
  ])('%s is refused, with its line and what to do', (_what, placement, step, code, line, message) => {
    const result = compiled(workflow(placement, step));
    const problems = 'problems' in result ? result.problems : [];
    expect(problems.map((problem) => [problem.code, problem.line]), JSON.stringify(problems)).toContainEqual([code, line]);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
  });

  test('a pool is not looked for where nobody knows which there are', () => {
    expect(compiled(workflow('placement: agent:west', `id: one, ${READ}`), null)).toHaveProperty('definition');
  });
});
