import { describe, expect, it } from 'vitest';
import { starterFiles } from './starter.ts';
import { changesFrom, newFileText, pathsOf, readData, refuseName, removeFile, renameFile, type WorkingCopy } from './working-copy.ts';

const copy = (parts: Partial<WorkingCopy> = {}): WorkingCopy => ({ files: { 'hours.rego': 'a', 'hours_test.rego': 'b' }, data: '{}', packs: null, ...parts });

describe('names of files', () => {
  it.each(['a.rego', 'lists/groups.rego', 'hours-2_test.rego'])('%s may be', (name) => expect(refuseName(copy(), name, null)).toBeNull());
  it.each(['', 'a', 'A.rego', '../a.rego', '/a.rego', 'a/.rego', 'a//b.rego', 'a.rego ', 'hours.rego', `${'a'.repeat(100)}.rego`])('%j may not', (name) => expect(refuseName(copy(), name, null)).not.toBeNull());
  it('its own name is free to a file that is renamed', () => expect(refuseName(copy(), 'hours.rego', 'hours.rego')).toBeNull());
  it('a test stands beneath what it tests', () => expect(pathsOf(copy({ files: { 'b.rego': '', 'a_test.rego': '', 'a.rego': '', 'b_test.rego': '' } }))).toEqual(['a.rego', 'a_test.rego', 'b.rego', 'b_test.rego']));
});

describe('files', () => {
  it('are renamed with their text', () => expect(renameFile(copy(), 'hours.rego', 'x.rego').files).toEqual({ 'x.rego': 'a', 'hours_test.rego': 'b' }));
  it('are removed', () => expect(removeFile(copy(), 'hours.rego').files).toEqual({ 'hours_test.rego': 'b' }));
  it.each([['a.rego', 'package countersign.workspace\n'], ['a_test.rego', 'package countersign.workspace_test\n']])('%s begins with its package', (path, text) => expect(newFileText('workspace', path)).toBe(text));
  it.each(['tenant', 'workspace', 'environment'] as const)('a layer %s begins with a rule and its test', (layer) => expect(Object.keys(starterFiles(layer)).map((path) => refuseName(copy(), path, null))).toEqual([null, null]));
});

describe('data', () => {
  it.each([['', {}], ['{"a": 1}', { a: 1 }]])('%j is read', (data, expected) => expect(readData(copy({ data }))).toEqual({ data: expected }));
  it.each(['{', '[]', '5', 'null'])('%j is none', (data) => expect(readData(copy({ data }))).toHaveProperty('problem'));
});

describe('changes', () => {
  it('name files that came, went and differ', () => {
    expect(changesFrom(copy(), copy({ files: { 'hours.rego': 'c', 'new.rego': 'd' } }))).toEqual([
      { path: 'hours.rego', before: 'a', after: 'c', kind: 'changed' }, { path: 'hours_test.rego', before: 'b', after: '', kind: 'removed' }, { path: 'new.rego', before: '', after: 'd', kind: 'added' },
    ]);
  });
  it('of data are of its value, of packs in their list', () => {
    expect(changesFrom(copy({ data: '{"a":1}' }), copy({ data: '{ "a": 1 }\n' }))).toEqual([]);
    expect(changesFrom(copy({ data: '{"a":1}', packs: ['itsm'] }), copy({ data: '{"a":2}', packs: [] })).map(({ path, after }) => [path, after])).toEqual([['data.json', '{"a":2}'], ['packs', '']]);
  });
});
