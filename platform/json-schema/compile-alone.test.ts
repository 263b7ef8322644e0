import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { compileAlone } from './compile-alone.ts';

const OPTIONS = { strict: false } as const;
const compile = compileAlone(OPTIONS);

describe('a schema that is compiled alone', () => {
  it('tells what fits from what does not', () => {
    const validate = compile({ type: 'object', required: ['a'], properties: { a: { type: 'string' } } });
    expect([validate({ a: 'x' }), validate({ a: 1 }), validate({})]).toEqual([true, false, false]);
  });

  it('has nothing to do with another of the same $id', () => {
    const [text, number] = [compile({ $id: 'https://example.test/same', type: 'string' }), compile({ $id: 'https://example.test/same', type: 'number' })];
    expect([text('x'), text(1), number('x'), number(1)]).toEqual([true, false, false, true]);
  });

  it('may be named by its $id in itself, and name the meta-schema', () => {
    const validate = compile({ $id: 'https://example.test/tree', $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: { child: { $ref: 'https://example.test/tree' }, schema: { $ref: 'https://json-schema.org/draft/2020-12/schema' } } });
    expect([validate({ child: { child: {} } }), validate({ child: 1 }), validate({ schema: { type: 'string' } }), validate({ schema: { type: 'text' } })]).toEqual([true, false, true, false]);
  });

  it.each([[{ type: 'text' }], [{ properties: [] }], [{ $ref: '#/$defs/nowhere' }], [{ $schema: 'https://example.test/unknown' }], [{ pattern: '(' }]])('%j is refused in the words of an instance that checks all by itself', (schema) => {
    const words = (work: () => unknown): string => {
      try {
        work();
      } catch (error) {
        return String(error);
      }
      return 'no error';
    };
    const alone = words(() => compile(schema));
    expect(alone).not.toBe('no error');
    expect(alone).toBe(words(() => new Ajv2020(OPTIONS).compile(schema)));
  });
});
