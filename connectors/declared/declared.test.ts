import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkManifest, ManifestError } from '../sdk/load-manifest.ts';
import { isDeclared } from '@countersign/contracts/connectors/binding-problems.ts';
import { declaredConnector } from './declared-connector.ts';
import { valuesAt } from './pointer.ts';
import { renderBody, renderPath, renderTexts } from './render.ts';

type Tree = { [key: string]: Tree | unknown };
const source = readFileSync(new URL('./sandbox/asset-inventory.yaml', import.meta.url), 'utf8');

/** The example with one thing changed: `path` is slash-separated, undefined removes. */
function changed(path: string, value: unknown): unknown {
  const document = parse(source) as Tree;
  const names = path.split('|');
  const parent = names.slice(0, -1).reduce<Tree>((at, name) => at[name] as Tree, document);
  if (value === undefined) delete parent[names.at(-1)!];
  else parent[names.at(-1)!] = value;
  return document;
}

function problemsOf(manifest: unknown): string {
  try {
    declaredConnector(checkManifest(manifest));
    return '';
  } catch (error) {
    if (error instanceof ManifestError) return error.problems.join('\n');
    throw error;
  }
}

describe('manifests without code', () => {
  test('the example is one', () => {
    expect(problemsOf(parse(source))).toBe('');
    expect(isDeclared(checkManifest(parse(source)).manifest)).toBe(true);
  });

  test.each([
    ['a parameter that nobody declared, in the path', 'actions|asset.get|http|path', '/v1/assets/{number}', '/actions/asset.get/http/path names {number}'],
    ['a parameter in the path that may be missing', 'actions|asset.get|parameters|required', [], '{tag}, which must then be in required'],
    ['a parameter that nobody declared, in the query', 'actions|asset.search|http|query', { q: '{text}' }, '/http/query names {text}'],
    ['a parameter that nobody declared, deep in the body', 'actions|asset.assign|http|body', { a: [{ b: '{who}' }] }, '/http/body names {who}'],
    ['a read that may change something', 'actions|asset.get|http|method', 'POST', 'make it GET, or its risk write'],
    ['a write that cannot', 'actions|asset.assign|http|method', 'GET', 'GET cannot write'],
    ['a credential in a header', 'actions|asset.get|http|headers', { Authorization: 'Bearer x' }, 'store a credential instead'],
    ['a parameter in a header', 'actions|asset.get|http|headers', { 'X-Tag': '{tag}' }, 'may hold {$reference} and nothing else'],
    ['a target that is no read', 'actions|note.add|http|target|read', 'asset.assign', 'which is no read action'],
    ['a pointer that leads nowhere', 'actions|asset.assign|http|target|version', '/revision', '/revision, which the output of asset.get does not declare'],
    ['a target with a parameter that its read does not take', 'actions|note.add|http|target|with', { number: '{tag}' }, '/with/number is no parameter of asset.get'],
    ['a write that could be doubled', 'actions|note.add|http|reconcile', undefined, 'cannot be tried again without it'],
    ['another host', 'hosts', ['api.example.com'], 'reaches its instance and nothing else'],
    ['a regular expression', 'actions|asset.get|parameters|properties|tag|pattern', '^(a+)+$', 'may not; use enum'],
    ['an action with code', 'actions|asset.get|http', undefined, 'without code every action needs one'],
    ['a path with a query', 'actions|asset.get|http|path', '/v1/assets?x=1', '/actions/asset.get/http/path'],
    ['a name that the gateway uses', 'actions|asset.get|parameters|properties|reference', { type: 'string' }, 'choose another'],
  ])('%s is refused, naming the key and the fix', (_what, path, value, expected) => {
    expect(problemsOf(changed(path, value))).toContain(expected);
  });
});

describe('templates', () => {
  const values = { parameters: { tag: 'LT 1/2?', count: 3, none: null, list: ['a', 'b'], flag: false }, reference: 'run_1/abc' };

  test('a value in a path is one piece of it', () => {
    expect(renderPath('/assets/{tag}/n/{count}', values)).toBe('/assets/LT%201%2F2%3F/n/3');
  });

  test.each(['..', '.', ''])('the value "%s" cannot stand in a path', (tag) => {
    expect(() => renderPath('/assets/{tag}', { ...values, parameters: { tag } })).toThrow('cannot stand in a path');
  });

  test('what is not given is left out of queries and bodies; what is null is null in a body', () => {
    expect(renderTexts({ a: '{count}', b: '{none}', c: '{missing}', d: 'x-{flag}' }, values)).toEqual({ a: '3', d: 'x-false' });
    expect(renderBody({ whole: '{list}', part: 'n={count}', none: '{none}', missing: '{missing}', deep: [{ ref: '{$reference}' }, '{missing}'], constant: true }, values))
      .toEqual({ whole: ['a', 'b'], part: 'n=3', none: null, deep: [{ ref: 'run_1/abc' }], constant: true });
  });

  test('a list cannot stand inside of text', () => {
    expect(() => renderTexts({ q: 'a {list}' }, values)).toThrow('The parameter list must be one text');
  });

  test('a value is never read as a template again', () => {
    expect(renderBody({ text: '{tag}' }, { parameters: { tag: '{$reference} {count}' }, reference: 'secret' })).toEqual({ text: '{$reference} {count}' });
    expect(renderTexts({ q: 'x {tag}' }, { parameters: { tag: '{$reference}' }, reference: 'secret' })).toEqual({ q: 'x {$reference}' });
  });

  test('names of the prototype are not given', () => {
    expect(renderBody({ a: '{constructor}', b: '{__proto__}' }, values)).toEqual({});
  });
});

test('pointers reach every element of a list, and nothing that is not there', () => {
  const value = { items: [{ ref: 'a' }, { ref: 'b' }, 1], 'a/b': { '~': 1 } };
  expect(valuesAt(value, '/items/-/ref')).toEqual(['a', 'b']);
  expect(valuesAt(value, '/items/1/ref')).toEqual(['b']);
  expect(valuesAt(value, '/a~1b/~0')).toEqual([1]);
  expect(valuesAt(value, '/items/length')).toEqual([]);
  expect(valuesAt(value, '/constructor')).toEqual([]);
  expect(valuesAt(value, '')).toEqual([value]);
});
