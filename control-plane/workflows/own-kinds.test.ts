import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { SchemaChecks } from '../connectors/schema-checks.ts';
import { deskManifest } from '../testing/manifests.ts';
import { compileWorkflow } from './compile.ts';
import type { KnownWorkflows } from './action-checks.ts';

const schema = JSON.parse(await readFile(new URL('../../contracts/workflow/workflow.schema.json', import.meta.url), 'utf8')) as object;
const checks = new SchemaChecks();
const manifests = new Map([['desk', { manifest: deskManifest(), digest: 'sha256:desk' }]]);
const WORKFLOWS: KnownWorkflows = new Map([['notify', []], ['loop', ['again']], ['again', ['triage']], ...['d1', 'd2', 'd3', 'd4', 'd5', 'd6'].map((name, i) => [name, i === 5 ? [] : [`d${i + 2}`]] as const)]);

const compile = (text: string, workflows: KnownWorkflows | null = WORKFLOWS) => compileWorkflow(text, { schema, checks, manifests, ...(workflows === null ? {} : { workflows }) });

/** Its step stands in line 8. */
const HEAD = `apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: triage }
spec:
  trigger: { connector: desk, event: ticket.created }
  deadline_ms: 3600000
  steps:
    - { id: ticket, uses: desk/ticket.get, with: { id: "\${{ trigger.id }}" } }
`;
const GOOD = `${HEAD}    - { id: pause, uses: wait, needs: [ticket], with: { for_ms: 60000 } }
    - { id: later, uses: wait, with: { until: "\${{ trigger.at }}" }, deadline_ms: 500 }
    - id: shape
      uses: transform
      with: { title: "\${{ steps.ticket.output.title }}", tags: [a, "\${{ run.id }}"] }
    - id: all
      uses: map
      needs: [pause]
      with: { items: "\${{ steps.ticket.output.related }}", concurrency: 3, max_items: 50 }
      on_item_failure: continue
      steps:
        - { id: read, uses: desk/ticket.get, with: { id: "\${{ item.id }}" }, deadline_ms: 1000 }
        - { id: line, uses: transform, if: "\${{ index > 0 }}", with: { text: "\${{ steps.read.output.title }} of \${{ steps.shape.output.title }}" } }
    - id: tell
      uses: workflow/notify
      with: { lines: "\${{ steps.all.output.items }}" }
  outputs: { told: "\${{ steps.tell.output.told }}", failed: "\${{ steps.all.output.failed }}" }
`;

function definition(text: string): WorkflowDefinition {
  const compiled = compile(text);
  if ('problems' in compiled) throw new TypeError(JSON.stringify(compiled.problems));
  return compiled.definition;
}

function problems(text: string, workflows: KnownWorkflows | null = WORKFLOWS): Array<{ code: string; line: number | undefined; message: string }> {
  const compiled = compile(text, workflows);
  return 'problems' in compiled ? compiled.problems.map(({ code, line, message }) => ({ code, line, message })) : [];
}

describe('what the runtime does itself', () => {
  test('is completed: what the steps of a map refer to outside of it, the map waits for', () => {
    const { steps, ...rest } = definition(GOOD);
    expect(rest).toMatchObject({ deadline_ms: 3_600_000, outputs: { told: '${{ steps.tell.output.told }}' } });
    expect(steps.map(({ id, needs }) => [id, needs.toSorted()])).toEqual([['ticket', []], ['pause', ['ticket']], ['later', []], ['shape', ['ticket']], ['all', ['pause', 'shape', 'ticket']], ['tell', ['all']]]);
    const all = steps.find(({ id }) => id === 'all')!;
    expect(all).toMatchObject({ on_item_failure: 'continue', with: { concurrency: 3, max_items: 50 } });
    expect(all.steps?.map(({ id, needs, if: condition }) => [id, needs, condition])).toEqual([['read', [], null], ['line', ['read'], 'index > 0']]);
  });

  test('no attempt may take longer than all of them together', () => {
    expect(definition(GOOD).steps.find(({ id }) => id === 'all')?.steps?.[0]).toMatchObject({ timeout_ms: 1_000, deadline_ms: 1_000 });
  });
});

describe('what is wrong with it is refused, with its line and what to do', () => {
  test.each<[string, string, string, string, number, string]>([
    ['a wait for nothing', '{ for_ms: 60000 }', '{}', 'parameter_missing', 9, 'either "for_ms"'],
    ['a wait for two things', '{ for_ms: 60000 }', '{ for_ms: 1, until: "2030-01-01T00:00:00Z" }', 'parameter_missing', 9, 'either "for_ms"'],
    ['a wait of words', 'for_ms: 60000', 'for_ms: soon', 'parameter_invalid', 9, 'whole milliseconds'],
    ['a wait of years', 'for_ms: 60000', 'for_ms: 99999999999', 'parameter_invalid', 9, 'a year'],
    ['a moment without a zone', '"${{ trigger.at }}" }, deadline_ms: 500', '"2027-01-31T08:00:00" }', 'parameter_invalid', 10, 'with its zone'],
    ['a parameter that a wait has not', '{ for_ms: 60000 }', '{ for_ms: 1, seconds: 3 }', 'parameter_unknown', 9, 'It has: for_ms, until'],
    ['a retry of a wait', 'with: { for_ms: 60000 }', 'with: { for_ms: 60000 }, retry: { max_attempts: 2 }', 'field_misplaced', 9, 'takes no "retry"'],
    ['an instance of a transform', 'uses: transform\n', 'uses: transform\n      instance: books\n', 'field_misplaced', 13, 'takes no "instance"'],
    ['a transform of nothing', '{ title: "${{ steps.ticket.output.title }}", tags: [a, "${{ run.id }}"] }', '{}', 'parameter_missing', 13, 'at least one value'],
    ['the output of a wait', '"${{ steps.ticket.output.title }}", tags', '"${{ steps.pause.output.x }}", tags', 'reference_unknown', 13, 'needs: [pause]'],
    ['a map of a word', '"${{ steps.ticket.output.related }}"', 'things', 'parameter_invalid', 17, 'is a list'],
    ['a map of nothing', 'items: "${{ steps.ticket.output.related }}", ', '', 'parameter_missing', 17, 'needs "items"'],
    ['too many at once', 'concurrency: 3', 'concurrency: 101', 'parameter_invalid', 17, 'from 1 to 100'],
    ['too many in all', 'max_items: 50', 'max_items: 1001', 'parameter_invalid', 17, 'from 1 to 1000'],
    ['an item outside of a map', '[a, "${{ run.id }}"]', '[a, "${{ item.id }}"]', 'reference_unknown', 13, 'only in the steps of a map'],
    ['an index outside of a map', '[a, "${{ run.id }}"]', '[a, "${{ index }}"]', 'reference_unknown', 13, 'only in the steps of a map'],
    ['a step of an item from outside', '"${{ steps.all.output.items }}"', '"${{ steps.line.output.text }}"', 'step_unknown', 24, 'steps.all.output.items'],
    ['an id that a step outside has', 'id: line', 'id: shape', 'step_id_repeated', 21, 'taken by an earlier step'],
    ['a map in a map', 'uses: desk/ticket.get, with: { id: "${{ item.id }}" }, deadline_ms: 1000', 'uses: map, with: { items: [1] }, steps: [{ id: deep, uses: wait, with: { for_ms: 1 } }]', 'map_nested', 20, 'workflow of its own'],
    ['steps that wait for one another in an item', 'uses: desk/ticket.get, with: { id: "${{ item.id }}" }', 'uses: desk/ticket.get, needs: [line], with: { id: "${{ item.id }}" }', 'cycle', 20, 'read -> line -> read'],
    ['steps of what is no map', 'uses: transform\n', 'uses: transform\n      steps: [{ id: x, uses: wait, with: { for_ms: 1 } }]\n', 'field_misplaced', 13, 'only a map'],
    ['an action in an item that there is not', 'desk/ticket.get, with: { id: "${{ item.id }}" }', 'desk/ticket.gone, with: { id: "${{ item.id }}" }', 'action_unknown', 20, 'It has:'],
    ['a workflow that nobody published', 'workflow/notify', 'workflow/notfy', 'workflow_unknown', 23, 'There are: notify'],
    ['a workflow that starts itself', 'workflow/notify', 'workflow/triage', 'workflow_cycle', 23, 'start itself'],
    ['workflows that start one another', 'workflow/notify', 'workflow/loop', 'workflow_cycle', 23, 'triage -> loop -> again -> triage'],
    ['workflows below workflows', 'workflow/notify', 'workflow/d1', 'workflow_too_deep', 23, 'd5 -> d6'],
    ['an idempotency key of a workflow', 'uses: workflow/notify\n', 'uses: workflow/notify\n      idempotency_key: x\n', 'field_misplaced', 24, 'takes no "idempotency_key"'],
    ['an output of a step that there is not', 'steps.tell.output.told }}", failed', 'steps.told.output.told }}", failed', 'step_unknown', 25, 'There is no step "told"'],
    ['a kind that there is not', 'uses: transform\n', 'uses: sleep\n', 'pattern', 12, 'wait, transform, map, or workflow/<name>'],
    ['a deadline of nothing', 'deadline_ms: 3600000', 'deadline_ms: 0', 'minimum', 6, ''],
  ])('%s', (_what, from, to, code, line, message) => {
    const changed = GOOD.replace(from, () => to);
    expect(changed).not.toBe(GOOD);
    const found = problems(changed);
    expect(found.map((problem) => [problem.code, problem.line]), JSON.stringify(found)).toContainEqual([code, line]);
    expect(found.map((problem) => problem.message).join('\n')).toContain(message);
  });

  test('a map without steps', () => {
    expect(problems(`${HEAD}    - { id: all, uses: map, with: { items: [1] } }\n`)).toEqual([{ code: 'steps_missing', line: 9, message: expect.stringContaining('"steps"') as unknown }]);
  });

  test('where nobody knows which workflows there are, only what starts itself is', () => {
    expect(problems(GOOD.replace('workflow/notify', 'workflow/elsewhere'), null)).toEqual([]);
  });
});
