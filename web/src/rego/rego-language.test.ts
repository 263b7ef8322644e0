import { readFileSync, readdirSync } from 'node:fs';
import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { getIndentation, indentUnit } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { describe, expect, it } from 'vitest';
import { rego } from './rego-language.ts';

const KINDS = tagHighlighter([
  { tag: tags.keyword, class: 'keyword' }, { tag: tags.atom, class: 'atom' }, { tag: tags.string, class: 'string' }, { tag: tags.number, class: 'number' },
  { tag: tags.comment, class: 'comment' }, { tag: tags.function(tags.variableName), class: 'call' }, { tag: tags.propertyName, class: 'field' },
  { tag: tags.definition(tags.propertyName), class: 'document' }, { tag: tags.operator, class: 'operator' }, { tag: tags.variableName, class: 'name' },
]);

function tokens(text: string): string[] {
  const found: string[] = [];
  highlightTree(rego.parser.parse(text), KINDS, (from, to, kind) => found.push(`${kind} ${text.slice(from, to)}`));
  return found;
}

describe('colours of Rego', () => {
  it.each([
    ['package countersign.tenant', ['keyword package', 'name countersign', 'field tenant']],
    ['verdicts contains {"outcome": "DENY"} if {', ['name verdicts', 'keyword contains', 'string "outcome"', 'string "DENY"', 'keyword if']],
    ['input.action.risk == "write" # a comment "here"', ['document input', 'field action', 'field risk', 'operator ==', 'string "write"', 'comment # a comment "here"']],
    ['n := count(input.approvals)', ['name n', 'operator :=', 'call count', 'document input', 'field approvals']],
    ['x := -1.5e3', ['name x', 'operator :=', 'number -1.5e3']],
    ['not data.countersign.config.in.if', ['keyword not', 'document data', 'field countersign', 'field config', 'field in', 'field if']],
    ['t := time.parse_rfc3339_ns(input.time)', ['name t', 'operator :=', 'call time.parse_rfc3339_ns', 'document input', 'field time']],
    ['a := "un\\"closed', ['name a', 'operator :=', 'string "un\\"closed']],
    ['a := `raw "\nover lines` b', ['name a', 'operator :=', 'string `raw "', 'string over lines`', 'name b']],
    ['true', ['atom true']],
  ])('%j', (text, expected) => expect(tokens(text)).toEqual(expected));

  it('leaves nothing of the shipped policies unread', () => {
    const folder = new URL('../../../policies/base/', import.meta.url);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.rego'))) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const unread = tokens(text).filter((token) => token.startsWith('string ') && token.includes('\n'));
      expect([name, unread, tokens(text).length > 20]).toEqual([name, [], true]);
    }
  });
});

describe('indentation', () => {
  it('is a tab for each open bracket, one less where it closes', () => {
    const state = EditorState.create({ doc: 'a if {\nb\n}\n', extensions: [rego, indentUnit.of('\t')] });
    expect([1, 2, 3].map((line) => getIndentation(state, state.doc.line(line).from))).toEqual([0, 4, 0]);
  });
});
