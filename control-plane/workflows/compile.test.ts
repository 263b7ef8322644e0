import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { SchemaChecks } from '../connectors/schema-checks.ts';
import { deskManifest, hostedManifest } from '../testing/manifests.ts';
import { compileWorkflow } from './compile.ts';
import type { Compiled } from './compile.ts';

const schema = JSON.parse(await readFile(new URL('../../contracts/workflow/workflow.schema.json', import.meta.url), 'utf8')) as object;
const checks = new SchemaChecks();
const manifests = new Map([['desk', { manifest: deskManifest(), digest: 'sha256:desk' }], ['hosted', { manifest: hostedManifest(), digest: 'sha256:hosted' }]]);
const compile = (text: string): Compiled => compileWorkflow(text, { schema, checks, manifests });

const GOOD = `apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: triage, description: Route a ticket }
spec:
  trigger: { connector: desk, event: ticket.created }
  models:
    sorter: { use: desk/local }
  steps:
    - id: ticket
      uses: desk/ticket.get
      with: { id: "\${{ trigger.id }}" }
    - id: sort
      uses: model/generate
      with: { model: sorter, input: "\${{ steps.ticket.output }}" }
      retry: { max_attempts: 40, backoff: fixed, initial_ms: 90000 }
    - id: update
      uses: desk/ticket.update
      if: \${{ steps.sort.output.confidence >= 0.6 }}
      with:
        id: "\${{ trigger.id }}"
        category: "\${{ steps.sort.output.category }}"
        impact: "2"
`;

function definition(text: string): WorkflowDefinition {
  const compiled = compile(text);
  if ('problems' in compiled) throw new TypeError(JSON.stringify(compiled.problems));
  return compiled.definition;
}

/** `line:column code` of every problem. */
function problems(text: string): string[] {
  const compiled = compile(text);
  return 'problems' in compiled ? compiled.problems.map((problem) => `${problem.line}:${problem.column} ${problem.code}`) : [];
}

function messages(text: string): string {
  const compiled = compile(text);
  return 'problems' in compiled ? compiled.problems.map((problem) => problem.message).join('\n') : '';
}

describe('prompts and schemas', () => {
  const PROMPT = `---
apiVersion: countersign.dev/v1
kind: File
metadata: { path: prompts/sort.md }
content: |
  # Sort the ticket
  ---
  Say which category it has.
`;
  const SCHEMA = `---
apiVersion: countersign.dev/v1
kind: File
metadata: { path: schemas/sort.json }
content: |
  { "type": "object", "additionalProperties": false, "required": ["category"], "properties": { "category": { "type": "string" } } }
`;
  const HOSTED = GOOD.replace('desk/local', 'hosted/large-1').replace('model: sorter,', 'model: sorter, prompt: { file: prompts/sort.md }, output_schema: { $ref: schemas/sort.json },');

  test('come along as documents, stand in the step as text, and are named by digest', () => {
    const compiled = definition(`${HOSTED}${PROMPT}${SCHEMA}`);
    expect(compiled.steps[1]?.with).toEqual({
      model: 'sorter', input: '${{ steps.ticket.output }}', prompt: '# Sort the ticket\n---\nSay which category it has.\n',
      output_schema: { type: 'object', additionalProperties: false, required: ['category'], properties: { category: { type: 'string' } } },
    });
    expect(compiled.files?.map(({ path, size_bytes }) => [path, size_bytes])).toEqual([['prompts/sort.md', 49], ['schemas/sort.json', 130]]);
    for (const file of compiled.files ?? []) expect(file.sha256).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('a prompt may stand in the step', () => {
    const inline = HOSTED.replace('{ file: prompts/sort.md }', 'Sort it').replace(' output_schema: { $ref: schemas/sort.json },', '');
    expect(definition(inline).files).toBeUndefined();
  });

  test.each([
    ['a file that did not come along', HOSTED + SCHEMA, '14:38 file_missing', 'The file prompts/sort.md did not come along'],
    ['a file that nothing names', GOOD + PROMPT, '1:1 file_unused', 'No step names the file prompts/sort.md'],
    ['a file twice', HOSTED + PROMPT + PROMPT + SCHEMA, 'file_invalid', 'is there twice'],
    ['a path that climbs', HOSTED + PROMPT.replace('prompts/sort.md', '../secrets') + SCHEMA, 'file_invalid', 'a relative path without'],
    ['a file without content', HOSTED + PROMPT.replace(/content:[^]*/, '') + SCHEMA, 'file_invalid', 'has no text'],
    ['an expression in a prompt', HOSTED + PROMPT.replace('Say which', 'Say ${{ trigger.id }} which') + SCHEMA, 'expression_not_allowed', 'what comes from the run goes into "input"'],
    ['a schema that is none', HOSTED + PROMPT + SCHEMA.replace(/\{ "type"[^]*/, '[1]\n'), 'output_schema_invalid', 'a JSON Schema of an object'],
    ['a model that needs a prompt', GOOD.replace('desk/local', 'hosted/large-1'), 'parameter_missing', 'hosted/large-1 needs the parameter "prompt"'],
    ['a fallback that needs a prompt', GOOD.replace('{ use: desk/local }', '{ use: desk/local, fallback: [hosted/large-1] }'), 'parameter_missing', 'hosted/large-1 needs the parameter "prompt"'],
    ['a prompt for a model that takes none', GOOD.replace('model: sorter,', 'model: sorter, prompt: Sort it,'), 'parameter_unknown', 'desk/local takes no "prompt"'],
    ['a name whose meaning changes', GOOD.replace('desk/local', 'desk/large-latest'), 'model_not_pinned', 'Name a snapshot'],
    ['a connector that serves no model', GOOD.replace('desk/local', 'desk/local').replace('use: desk/local', 'use: nobody/x'), 'connector_unknown', 'no published connector "nobody"'],
  ])('%s is refused, with its place', (_what, text, code, message) => {
    expect(problems(text).join()).toContain(code);
    expect(messages(text)).toContain(message);
  });
});

describe('an idempotency key', () => {
  const UPDATE = 'uses: desk/ticket.update\n';
  const keyed = (uses: string, key: string): string => GOOD.replace(uses, `${uses}      idempotency_key: "${key}"\n`);

  test('of a write is kept, and what it refers to is waited for', () => {
    const update = definition(keyed(UPDATE, '${{ steps.ticket.output.id }}:triage')).steps[2];
    expect(update).toMatchObject({ idempotency_key: '${{ steps.ticket.output.id }}:triage' });
    expect(update?.needs).toContain('ticket');
    expect(definition(GOOD).steps[2]).not.toHaveProperty('idempotency_key');
  });

  test.each([
    ['of a read keys nothing', 'uses: desk/ticket.get\n', 'x', 'idempotency_key_invalid'],
    ['of a model step keys nothing', 'uses: model/generate\n', 'x', 'idempotency_key_invalid'],
    ['with a broken expression', UPDATE, '${{ trigger. }}', 'expression_syntax'],
    ['that refers to no step', UPDATE, '${{ steps.nobody.output.id }}', 'step_unknown'],
  ])('%s is refused, with its line', (_what, uses, key, code) => {
    expect(problems(keyed(uses, key))).toEqual([expect.stringMatching(new RegExp(`^\\d+:\\d+ ${code}$`))]);
  });
});

describe('a good workflow', () => {
  test('is completed: needs from references, conditions without braces, defaults', () => {
    const { steps, ...rest } = definition(GOOD);
    expect(rest).toEqual({
      api_version: 'countersign.dev/v1', name: 'triage', description: 'Route a ticket', trigger: { connector: 'desk', event: 'ticket.created' },
      models: { sorter: { use: 'desk/local', fallback: [] } },
    });
    expect(steps.map((step) => [step.id, step.needs])).toEqual([['ticket', []], ['sort', ['ticket']], ['update', ['sort']]]);
    expect(steps[2]).toMatchObject({ if: 'steps.sort.output.confidence >= 0.6', instance: null, timeout_ms: 5_000, retry: { max_attempts: 5, backoff: 'exponential', initial_ms: 1_000, max_ms: 60_000 } });
    expect(steps[1]?.retry).toEqual({ max_attempts: 40, backoff: 'fixed', initial_ms: 90_000, max_ms: 90_000 });
  });

  test('says how far it may go by itself, where the source does', () => {
    expect(definition(GOOD)).not.toHaveProperty('autonomy');
    expect(definition(GOOD.replace('spec:\n', 'spec:\n  autonomy: observe\n')).autonomy).toBe('observe');
    expect(problems(GOOD.replace('spec:\n', 'spec:\n  autonomy: full\n'))).toEqual(['5:13 not_allowed']);
  });

  test('named needs and references are one set', () => {
    const text = GOOD.replace('      if: ${{ steps.sort.output.confidence >= 0.6 }}', '      needs: [ticket, sort]');
    expect(definition(text).steps[2]?.needs).toEqual(['ticket', 'sort']);
  });
});

describe('each problem names its line and column', () => {
  test.each<[string, (good: string) => string, string[]]>([
    ['an expression that never ends after other text', (good) => good.replace('"${{ steps.sort.output.category }}"', '"was ${{ steps.sort"'), ['21:24 expression_syntax']],
    ['an empty expression after other text', (good) => good.replace('"${{ steps.sort.output.category }}"', '"was ${{ }}"'), ['21:24 expression_syntax']],
    ['broken YAML', (good) => good.replace('metadata: {', 'metadata: {{'), ['4:1 yaml_syntax']],
    ['a key twice', (good) => good.replace('kind: Workflow', 'kind: Workflow\nkind: Workflow'), ['3:1 yaml_syntax']],
    ['two documents', (good) => `${good}---\n${good}`, ['23:1 file_invalid']],
    ['an unknown tag', (good) => good.replace('kind: Workflow', 'kind: !!js/function Workflow'), ['2:7 yaml_syntax']],
    ['an unknown key at the top', (good) => good.replace('kind: Workflow', 'kind: Workflow\nowner: me'), ['3:1 unknown_field']],
    ['an unknown key in a step', (good) => good.replace('      uses: desk/ticket.get', '      uses: desk/ticket.get\n      run: rm -rf'), ['11:7 unknown_field']],
    ['a missing key', (good) => good.replace('kind: Workflow\n', ''), ['1:1 required']],
    ['__proto__', (good) => good.replace('with: { id:', 'with: { __proto__: {}, id:'), ['11:15 key_forbidden']],
    ['constructor', (good) => good.replace('with: { id:', 'with: { constructor: 1, id:'), ['11:15 key_forbidden']],
    ['a NUL in a text', (good) => good.replace('impact: "2"', String.raw`impact: "\0"`), ['22:17 text_invalid']],
    ['half of a surrogate pair', (good) => good.replace('description: Route a ticket', String.raw`description: "\ud800"`), ['3:40 text_invalid']],
    ['a number beyond 2^53', (good) => good.replace('impact: "2"', 'impact: 9007199254740993'), ['22:17 number_unsafe']],
    ['an unknown connector', (good) => good.replace('desk/ticket.get', 'desc/ticket.get'), ['10:13 connector_unknown']],
    ['an unknown action', (good) => good.replace('desk/ticket.get', 'desk/ticket.delete'), ['10:13 action_unknown']],
    ['an inherited name as an action', (good) => good.replace('desk/ticket.get', 'desk/constructor'), ['10:13 action_unknown']],
    ['an unknown event', (good) => good.replace('event: ticket.created', 'event: ticket.closed'), ['5:38 event_unknown']],
    ['an unknown parameter', (good) => good.replace('        category:', '        kategory:'), ['21:9 parameter_unknown']],
    ['a missing parameter', (good) => good.replace('with: { id: "${{ trigger.id }}" }', 'with: {}'), ['11:13 parameter_missing']],
    ['no parameters at all', (good) => good.replace('      with: { id: "${{ trigger.id }}" }\n', ''), ['9:7 parameter_missing']],
    ['a literal that the action refuses', (good) => good.replace('impact: "2"', 'impact: "9"'), ['22:17 parameter_invalid']],
    ['an unknown model', (good) => good.replace('model: sorter,', 'model: other,'), ['14:22 model_unknown']],
    ['a model chosen by an expression', (good) => good.replace('model: sorter,', 'model: "${{ trigger.model }}",'), ['14:22 model_unknown']],
    ['a model of no connector', (good) => good.replace('use: desk/local', 'use: cloud/large'), ['7:20 connector_unknown']],
    ['a step id twice', (good) => good.replace('- id: update', '- id: sort'), ['16:11 step_id_repeated']],
    ['an expression that is no CEL', (good) => good.replace('>= 0.6', '>='), ['18:46 expression_syntax']],
    ['an expression that never ends', (good) => good.replace('"${{ trigger.id }}" }', '"${{ trigger.id" }'), ['11:20 expression_syntax']],
    ['an unknown root', (good) => good.replace('"${{ trigger.id }}" }', '"${{ secrets.id }}" }'), ['11:24 expression_unknown_name']],
    ['a reference to an unknown step', (good) => good.replace('steps.ticket.output', 'steps.tiket.output'), ['14:42 step_unknown']],
    ['a reference to more than an output', (good) => good.replace('steps.ticket.output', 'steps.ticket.state'), ['14:42 reference_unknown']],
    ['an unknown run field', (good) => good.replace('"${{ trigger.id }}" }', '"${{ run.secret }}" }'), ['11:24 reference_unknown']],
    ['a condition that is not one expression', (good) => good.replace('if: ${{ steps.sort.output.confidence >= 0.6 }}', 'if: always'), ['18:11 condition_invalid']],
    ['an unknown need', (good) => good.replace('      uses: desk/ticket.get', '      uses: desk/ticket.get\n      needs: [nobody]'), ['11:15 step_unknown']],
    ['a back-off that shrinks', (good) => good.replace('initial_ms: 90000', 'initial_ms: 90000, max_ms: 10'), ['15:77 retry_invalid']],
  ])('%s', (_name, change, expected) => {
    const changed = change(GOOD);
    expect(changed).not.toBe(GOOD);
    expect(problems(changed)).toEqual(expected);
  });

  test('a cycle names its path', () => {
    const text = GOOD.replace('      uses: desk/ticket.get', '      uses: desk/ticket.get\n      needs: [update]');
    expect(problems(text)).toEqual(['9:11 cycle']);
    expect(messages(text)).toContain('ticket -> update -> sort -> ticket');
  });

  test('all problems are found at once, and each says what would be right', () => {
    const text = GOOD.replace('desk/ticket.get', 'desk/ticket.delete').replace('        category:', '        kategory:');
    expect(problems(text)).toEqual(['10:13 action_unknown', '21:9 parameter_unknown']);
    expect(messages(text)).toMatch(/It has: ticket\.get, ticket\.update, generate\.[^]*It has: id, category, impact\./);
  });

  test('aliases that unfold to gigabytes are refused before they unfold', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x]', ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`)].join('\n');
    expect(problems(bomb)).toEqual(['1:1 yaml_aliases']);
  });

  test('a tab as indentation is named first, before what it leads to', () => {
    expect(problems(GOOD.replace('      uses: desk/ticket.get', '\tuses: desk/ticket.get'))[0]).toBe('10:1 yaml_syntax');
  });

  test('nesting without end is refused', () => {
    expect(problems(`${'[ '.repeat(64)}${' ]'.repeat(64)}`)[0]).not.toContain('too_deep');
    expect(problems(`${'[ '.repeat(65)}${' ]'.repeat(65)}`)[0]).toContain('too_deep');
    const endless = `${'[ '.repeat(5_000)}${' ]'.repeat(5_000)}`;
    expect(problems(endless)[0]).toContain('too_deep');
    expect(messages(endless)).not.toContain('call stack');
  });
});
