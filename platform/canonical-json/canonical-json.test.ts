import * as fc from 'fast-check';
import { canonicalize as secondOpinion } from 'json-canonicalize';
import { describe, expect, test } from 'vitest';
import { canonicalBytes, canonicalText, digestOf, digestOfBytes } from './canonicalize.ts';
import { CanonicalJsonError } from './errors.ts';
import { MAX_BYTES, MAX_DEPTH } from './limits.ts';
import { parseCanonical, parseStrict } from './parse-strict.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CanonicalJsonError) return `${error.code} ${error.pointer}`.trim();
    throw error;
  }
  return 'accepted';
};

describe('the vectors of RFC 8785', () => {
  test('section 3.2.2, but for 1E30, which no double integer holds exactly', () => {
    const text = `{
      "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalText(parseStrict(text))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(codeOf(() => parseStrict('{"numbers":[1E30]}'))).toBe('json_unsafe_number /numbers/0');
  });

  test('section 3.2.3: keys sort by UTF-16 code units', () => {
    const unsorted = { '€': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One', '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', 'ö': 'Latin Small Letter O With Diaeresis' };
    expect(Object.values(JSON.parse(canonicalText(unsorted)) as object)).toEqual([
      'One', 'Carriage Return', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  // Appendix B: the bits of a double, and its text.
  test.each([
    ['0000000000000000', '0'], ['8000000000000000', '0'], ['0000000000000001', '5e-324'], ['8000000000000001', '-5e-324'],
    ['4340000000000000', null], ['c340000000000000', null], ['4430000000000000', null], ['7fefffffffffffff', null],
    ['7fffffffffffffff', null], ['7ff0000000000000', null],
    ['3eb0c6f7a0b5ed8d', '0.000001'], ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'], ['41b3de4355555554', '333333333.33333325'], ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'], ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'], ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: %s is %s', (bits, expected) => {
    const value = Buffer.from(bits, 'hex').readDoubleBE();
    if (expected === null) expect(codeOf(() => canonicalText(value))).toBe('json_unsafe_number');
    else expect(canonicalText(value)).toBe(expected);
  });
});

describe('what JSON cannot say is refused, with its place', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  test.each<[string, unknown, string]>([
    ['NaN', { a: [1, Number.NaN] }, 'json_unsafe_number /a/1'],
    ['Infinity', -Infinity, 'json_unsafe_number'],
    ['2^53', { 'a/b': { '~': 2 ** 53 } }, 'json_unsafe_number /a~1b/~0'],
    ['bigint', { n: 1n }, 'json_unsupported_value /n'],
    ['undefined', { a: undefined }, 'json_unsupported_value /a'],
    ['a hole', Object.assign([1], { length: 3 }), 'json_unsupported_value /1'],
    ['a date', { at: new Date(0) }, 'json_unsupported_value /at'],
    ['a map', new Map(), 'json_unsupported_value'],
    ['a buffer', Buffer.from('a'), 'json_unsupported_value'],
    ['a class instance', new (class Point { x = 1; })(), 'json_unsupported_value'],
    ['a function', { f: () => 1 }, 'json_unsupported_value /f'],
    ['a symbol key', { [Symbol('s')]: 1 }, 'json_unsupported_value'],
    ['a lone surrogate', ['\ud800'], 'json_lone_surrogate /0'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'json_lone_surrogate'],
    ['a cycle', cyclic, `json_too_deep ${'/self'.repeat(MAX_DEPTH)}`],
  ])('%s', (_name, value, expected) => {
    expect(codeOf(() => canonicalText(value))).toBe(expected);
  });

  test('depth: 64 levels pass and 65 do not, written and read', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(canonicalText(parseStrict(nested(MAX_DEPTH)))).toBe(nested(MAX_DEPTH));
    expect(codeOf(() => parseStrict(nested(MAX_DEPTH + 1)))).toMatch(/^json_too_deep/);
    expect(codeOf(() => canonicalText(JSON.parse(nested(MAX_DEPTH + 1))))).toMatch(/^json_too_deep/);
    expect(codeOf(() => parseStrict('['.repeat(MAX_BYTES)))).toMatch(/^json_too_deep/);
  });

  test('size: counted in UTF-8 bytes, and shared objects cannot unfold into gigabytes', () => {
    const fits = 'é'.repeat((MAX_BYTES - 2) / 2);
    expect(canonicalBytes(fits).byteLength).toBe(MAX_BYTES);
    expect(parseStrict(canonicalBytes(fits))).toBe(fits);
    expect(codeOf(() => canonicalText(`${fits}é`))).toBe('json_too_large');
    expect(codeOf(() => parseStrict(`"${fits}é"`))).toBe('json_too_large');
    let bomb: unknown = 'lol';
    for (let level = 0; level < 60; level += 1) bomb = [bomb, bomb];
    expect(codeOf(() => canonicalText(bomb))).toBe('json_too_large');
  });
});

describe('parseStrict', () => {
  test.each([
    ['{"a":1,"a":1}', 'json_duplicate_key /a'],
    ['{"a":1,"\\u0061":2}', 'json_duplicate_key /a'],
    ['[{},{"b":{"c":"}","d":[],"c":1}}]', 'json_duplicate_key /1/b/c'],
    ['{"__proto__":{}}', 'json_forbidden_key /__proto__'],
    ['{"\\u005f_proto__":{}}', 'json_forbidden_key /__proto__'],
    ['{"a":9007199254740993}', 'json_unsafe_number /a'],
    ['1e999', 'json_unsafe_number'],
    ['"\\ud83d"', 'json_lone_surrogate'],
    ['\ufeff{}', 'json_syntax'], ['', 'json_syntax'], ['{"a":1}}', 'json_syntax'], ["{'a':1}", 'json_syntax'], ['{"a":1,}', 'json_syntax'],
    ['NaN', 'json_syntax'], ['{"a', 'json_syntax'], ['{"\\x":1}', 'json_syntax'], ['"\u0000"', 'json_syntax'], [']', 'json_syntax'],
  ])('refuses %j', (text, expected) => {
    expect(codeOf(() => parseStrict(text))).toBe(expected);
  });

  test('refuses bytes that are not UTF-8, and a byte order mark', () => {
    expect(codeOf(() => parseStrict(Buffer.from([0x22, 0xff, 0x22])))).toBe('json_syntax');
    expect(codeOf(() => parseStrict(Buffer.from('\ufeff{}')))).toBe('json_syntax');
  });

  test('the same key in sibling objects and as a value is no duplicate', () => {
    expect(parseStrict('[{"a":"a"},{"a":{"a":["a","a"]}}]')).toEqual([{ a: 'a' }, { a: { a: ['a', 'a'] } }]);
  });

  test('an error never quotes the text', () => {
    expect(() => parseStrict('{"password": hunter2}')).toThrow(/^the document: not valid JSON$/);
  });

  test('hostile text is read in linear time: otherwise the test never ends', () => {
    const hostile = ['"\\"'.repeat(300_000), `{"${'\\"'.repeat(400_000)}`, `{${'"a",'.repeat(200_000)}`];
    expect(hostile.map((text) => codeOf(() => parseStrict(text)))).toEqual(['json_syntax', 'json_syntax', 'json_duplicate_key /a']);
  });

  test('parseCanonical refuses any other spelling of the same value', () => {
    expect(parseCanonical('{"a":[1,2]}')).toEqual({ a: [1, 2] });
    for (const text of ['{"a": [1,2]}', '{"b":1,"a":2}', '1.0', '"\\u0061"', '-0', '{}\n']) {
      expect(codeOf(() => parseCanonical(text))).toBe('json_syntax');
    }
  });
});

describe('properties', () => {
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)).map((n) => n + 0);
  const texts = fc.string({ unit: 'binary' });
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.constant(null), fc.boolean(), numbers, texts, fc.array(tie('value')), tie('object')),
    object: fc.dictionary(fc.oneof(texts.filter((key) => key !== '__proto__'), fc.constant('toJSON')), tie('value'), { noNullPrototype: true }),
  })).value;

  test('written, read and written again is the same text', () => {
    fc.assert(fc.property(values, (value) => {
      const text = canonicalText(value);
      expect(canonicalText(parseStrict(text))).toBe(text);
      expect(parseCanonical(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });

  test('the order in which keys were added changes nothing', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(texts, fc.integer()), { selector: ([key]) => key }), (entries) => {
      const forwards = Object.fromEntries(entries);
      const backwards = Object.fromEntries(entries.toReversed());
      expect(digestOf(forwards)).toBe(digestOf(backwards));
    }));
  });

  test('json-canonicalize agrees, save for objects with a toJSON key', () => {
    fc.assert(fc.property(values, (value) => {
      fc.pre(!canonicalText(value).includes('"toJSON":'));
      expect(canonicalText(value)).toBe(secondOpinion(value));
    }));
    expect(canonicalText({ toJSON: 1, b: 2, a: 3 })).toBe('{"a":3,"b":2,"toJSON":1}');
  });
});

test('digests are SHA-256 over the canonical bytes, in hex, with the algorithm named', () => {
  expect(digestOf({})).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  expect(digestOf({ b: 1, a: 'é' })).toBe(digestOfBytes(canonicalBytes({ a: 'é', b: 1 })));
});
