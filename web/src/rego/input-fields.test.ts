import schema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { fieldsAt } from './input-fields.ts';

const names = (reference: string): string[] => fieldsAt(reference, schema).map(({ name }) => name);

describe('fieldsAt', () => {
  it('knows the documents of the contract', () => expect(names('')).toEqual(Object.keys(schema.properties)));
  it.each([['.action', 'risk'], ['.approvals[_]', 'tier'], ['.approvals[0].votes[v]', 'auth_strength'], ['.run', 'workflow']])('%s has %s', (reference, field) => expect(names(reference)).toContain(field));
  it.each(['.nowhere', '.action.risk', '.approvals', '.action[0]'])('%s has nothing', (reference) => expect(names(reference)).toEqual([]));
  it('gives type, words and an example', () => {
    expect(fieldsAt('.a', { properties: { a: { properties: { b: { enum: ['x', 'y'], description: 'Which', examples: ['x'] }, c: { type: ['object', 'null'] } } } } })).toEqual([
      { name: 'b', type: '"x" | "y"', description: 'Which', example: '"x"' }, { name: 'c', type: 'object | null', description: null, example: null },
    ]);
  });
});
