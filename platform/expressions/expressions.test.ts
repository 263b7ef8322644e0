import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpressionError } from './errors.ts';
import { evaluateCondition, parseExpression } from './expression.ts';
import { evaluateWithLabels } from './labels.ts';
import { parseTemplate, referencesOf } from './template.ts';

const context = {
  trigger: { sys_id: 'abc', count: 3, items: [1, 2, 3], nothing: null },
  steps: { triage: { output: { category: 'network', confidence: 0.7, mode: 'propose' } } },
  run: { id: 'run_1', workflow: 'incident-triage' },
};

describe('templates', () => {
  it.each([
    ['plain text', 'plain text'],
    ['${{ trigger.sys_id }}', 'abc'],
    ['${{ trigger.count }}', 3],
    ['${{ steps.triage.output }}', context.steps.triage.output],
    ['${{ trigger.nothing }}', null],
    ['${{ size(trigger.items) }}', 3],
    ['${{ 9007199254740993 }}', '9007199254740993'],
    ['${{ 9007199254740991 }}', 9_007_199_254_740_991],
    ['${{ trigger.items.map(i, i * 2.0) }}', [2, 4, 6]],
    ['<${{ trigger.sys_id }}|${{trigger.count}}|${{ trigger.nothing }}|${{ trigger.items }}>', '<abc|3||[1,2,3]>'],
    ['${{ {"a": {"b": "}}"}} }}', { a: { b: '}}' } }],
    ['${{ timestamp("2026-01-02T03:04:05Z") }}', '2026-01-02T03:04:05.000Z'],
    ['${{ has(trigger.absent) ? "there" : "absent" }}', 'absent'],
  ])('%s', (text, expected) => {
    expect(parseTemplate(text).evaluate(context)).toEqual(expected);
  });

  it('names what each string refers to, once', () => {
    expect(referencesOf({ a: '${{ trigger.sys_id }} ${{ trigger.sys_id }}', b: ["${{ steps['triage'].output.category }}"], c: 1 }))
      .toEqual([['trigger', 'sys_id'], ['steps', 'triage', 'output', 'category']]);
    expect(parseExpression('trigger.items[int(steps.triage.output.index)].name').references)
      .toEqual([['trigger', 'items'], ['steps', 'triage', 'output', 'index']]);
    expect(parseExpression('trigger.items.all(i, i < run.limit)').references).toEqual([['trigger', 'items'], ['run', 'limit']]);
  });
});

describe('errors name the expression and the place', () => {
  it.each([
    ['${{ trigger.absent }}', 'expression_field_missing', 'trigger.absent'],
    ['${{ steps.triage.output.category.deeper }}', 'expression_field_missing', 'steps.triage.output.category.deeper'],
    ['${{ trigger.nothing.x }}', 'expression_field_missing', 'trigger.nothing.x'],
    ['${{ secrets.key }}', 'expression_unknown_name', null],
    ['${{ trigger. }}', 'expression_syntax', null],
    ['${{ }}', 'expression_syntax', null],
    ['${{ trigger.sys_id', 'expression_syntax', null],
    ['${{ trigger.__proto__ }}', 'expression_not_allowed', null],
    ['${{ trigger["constructor"] }}', 'expression_not_allowed', null],
    ['${{ trigger.sys_id.matches("(a+)+$") }}', 'expression_not_allowed', null],
    ['${{ cel.bind(x, trigger, x) }}', 'expression_not_allowed', null],
    ['${{ trigger.items.map(a, trigger.items.map(b, a)) }}', 'expression_not_allowed', null],
    ['${{ 1 / 0 }}', 'expression_failed', null],
    ['${{ b"bytes" }}', 'expression_result_not_json', null],
    ['${{ 0.0 / 0.0 }}', 'expression_result_not_json', null],
    [`\${{ "${'x'.repeat(2_100)}" }}`, 'expression_too_long', null],
  ])('%s', (text, code, path) => {
    const error = caught(() => parseTemplate(text).evaluate(context));
    expect(error).toMatchObject({ code, path });
    expect(error.message).not.toContain('network');
  });

  it('reaches no prototype by a computed key either', () => {
    expect(caught(() => parseTemplate('${{ trigger["const" + "ructor"] }}').evaluate(context)).code).toBe('expression_field_missing');
    expect(caught(() => parseTemplate('${{ trigger["__pro" + "to__"] }}').evaluate(context)).code).toBe('expression_field_missing');
  });

  it('bounds what comes out', () => {
    const long = { ...context, trigger: { text: 'x'.repeat(600_000), deep: nested(40) } };
    expect(caught(() => parseTemplate('${{ trigger.text + trigger.text }}').evaluate(long)).code).toBe('expression_result_too_large');
    expect(caught(() => parseTemplate('${{ trigger.deep }}').evaluate(long)).code).toBe('expression_result_too_large');
    expect(caught(() => parseExpression(Array(300).fill('1').join('+'))).code).toBe('expression_syntax');
  });

  it('takes only true or false as a condition', () => {
    expect(evaluateCondition("steps.triage.output.mode == 'propose'", context)).toBe(true);
    expect(evaluateCondition('steps.triage.output.confidence >= 0.8', context)).toBe(false);
    expect(caught(() => evaluateCondition('trigger.sys_id', context)).code).toBe('expression_result_not_boolean');
  });

  it('throws nothing but ExpressionError, whatever the text', () => {
    assert(property(string({ unit: 'binary', maxLength: 60 }), (noise) => {
      try {
        parseTemplate(`\${{ ${noise} }}`).evaluate(context);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
      }
    }));
  });
});

describe('labels', () => {
  it('follow values through expressions, by pointer', () => {
    const labelsOf = (path: readonly string[]) => path[0] === 'trigger' ? ['trusted_system' as const] : ['ticket_text' as const, 'model_output' as const];
    const { value, labels } = evaluateWithLabels(
      { sys_id: '${{ trigger.sys_id }}', both: ['${{ trigger.sys_id + steps.triage.output.category }}'], fixed: { n: 5 }, 'a/b': {}, chosen: '${{ steps.triage.output.mode == "x" ? "a" : "b" }}' },
      context, labelsOf);
    expect(value).toEqual({ sys_id: 'abc', both: ['abcnetwork'], fixed: { n: 5 }, 'a/b': {}, chosen: 'b' });
    expect(labels).toEqual({
      '/sys_id': ['trusted_system'],
      '/both/0': ['model_output', 'ticket_text', 'trusted_system'],
      '/fixed/n': ['configuration'],
      '/a~1b': ['configuration'],
      '/chosen': ['model_output', 'ticket_text'],
    });
  });
});

function caught(work: () => unknown): ExpressionError {
  try {
    work();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new ExpressionError('expression_failed', 'it did not fail', { expression: '' });
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { inside: nested(depth - 1) };
}
