import { Text } from '@codemirror/state';
import { describe, expect, it } from 'vitest';
import { byWeight, diagnosticsOf, rangeOf, type SourceProblem } from './source-problems.ts';

const TEXT = Text.of(['package countersign.tenant', '', '\tinput.acton.risk == "write"', '}']);
const marked = (line: number, column: number): string => {
  const { from, to } = rangeOf({ line, column }, TEXT);
  return TEXT.sliceString(from, to);
};

describe('the mark of a problem', () => {
  it.each([
    [3, 2, 'input.acton.risk'], [3, 8, 'acton.risk'], [1, 9, 'countersign.tenant'],
    [3, 20, 'input.acton.risk == "write"'], [3, 0, 'input.acton.risk == "write"'],
    [2, 1, ''], [9, 1, '}'], [0, 1, 'package'], [4, 40, '}'],
  ])('at %d:%d is %j', (line, column, expected) => expect(marked(line, column)).toBe(expected));

  it('carries the code, the message and the fix, in the order of the text', () => {
    const problem = (line: number, fix?: string): SourceProblem => ({ code: 'type_error', severity: 'error', file: 'a.rego', line, column: 1, message: 'undefined ref', fix });
    expect(diagnosticsOf([problem(3, 'Did you mean action?'), problem(1)], TEXT)).toEqual([
      { from: 0, to: 7, severity: 'error', source: 'type_error', message: 'undefined ref' },
      { from: 29, to: 56, severity: 'error', source: 'type_error', message: 'undefined ref\nDid you mean action?' },
    ]);
  });
});

it('errors come before warnings, then by file and line', () => {
  const problem = (severity: 'error' | 'warning', file: string, line: number): SourceProblem => ({ code: 'c', severity, file, line, column: 1, message: '' });
  expect([problem('warning', 'a', 1), problem('error', 'b', 2), problem('error', 'b', 1), problem('error', 'a', 9)].sort(byWeight).map(({ severity, file, line }) => `${severity} ${file}:${line}`))
    .toEqual(['error a:9', 'error b:1', 'error b:2', 'warning a:1']);
});
