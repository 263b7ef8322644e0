import { assert, constantFrom, array, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundledWorkflow, filesNamedIn } from '@countersign/contracts/workflow/bundle.ts';
import { splitWorkflow } from './workflow-files.ts';

describe('a workflow and its files as one text', () => {
  test.each([
    'one line', 'one line\n', 'two\nlines\n', 'ends in several\n\n\n', '  starts indented\nthen not\n', '---\nlooks like a document\n...\n', '# heading\n\n- a\n\n\tb: {c}\n', ' \n x', '"quoted" \\n \'text\' %@`', 'a\n \nb\n',
  ])('%j comes out as it went in', (text) => {
    const { files, problems } = splitWorkflow(bundledWorkflow('kind: Workflow\n', new Map([['prompts/a.md', text], ['b.json', '{}']])));
    expect(problems).toEqual([]);
    expect([...files].map(([path, file]) => [path, file.text])).toEqual([['prompts/a.md', text], ['b.json', '{}']]);
  });

  test('whatever the lines are', () => {
    const line = constantFrom('---', '...', '', ' ', 'content: |', '  x', 'a: b', '# c', '- d', '|2', '>');
    assert(property(array(line, { minLength: 1, maxLength: 8 }), constantFrom('', '\n', '\n\n'), (lines, end) => {
      const text = `x${lines.join('\n')}${end}`;
      const { files, workflow } = splitWorkflow(bundledWorkflow('kind: Workflow', new Map([['a.md', text]])));
      expect(files.get('a.md')?.text).toBe(text);
      expect(workflow).toBe('kind: Workflow\n');
    }));
  });

  test('nothing that is sent makes it fall over', () => {
    assert(property(array(constantFrom('---\n', 'kind: File\n', 'apiVersion: countersign.dev/v1\n', 'metadata: { path: a }\n', 'content: x\n', '# c\n', ': [\n'), { maxLength: 12 }), string(), (parts, tail) => {
      const { workflow, files, problems } = splitWorkflow(parts.join('') + tail);
      expect([typeof workflow, files instanceof Map, Array.isArray(problems)]).toEqual(['string', true, true]);
    }));
  });

  test('lines keep their numbers, with comments and a marker before the workflow', () => {
    const text = '# ours\n---\nkind: Workflow\n---\nkind: File\n';
    expect(splitWorkflow(text)).toMatchObject({ workflow: '# ours\n\nkind: Workflow\n', problems: [{ code: 'file_invalid', line: 4 }] });
  });

  test('what a workflow names is found, once', () => {
    const step = { with: { prompt: { file: 'p.md' }, output_schema: { $ref: 's.json' } } };
    expect(filesNamedIn({ spec: { steps: [step, step, { with: { prompt: 'inline' } }, {}, null] } })).toEqual(['p.md', 's.json']);
    expect(filesNamedIn('nothing')).toEqual([]);
  });
});
