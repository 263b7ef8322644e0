import { describe, expect, it } from 'vitest';
import { mayCheck, mayFormat, mayPublish, mayRelease } from './workbench-permissions.ts';
import type { Checked } from './use-check.ts';
import type { WorkingCopy } from './working-copy.ts';

const copy: WorkingCopy = { files: { 'a.rego': 'package a' }, data: '{}', packs: null };
const checked = (parts: { valid?: boolean; formatted?: Record<string, string> } = {}): Checked => ({
  copy,
  report: { ok: true, problems: [], formatted: parts.formatted ?? {}, tests: [], coverage: null, rules: {}, reads: [], opa_version: '1', took_ms: 1 },
  draft: { valid: parts.valid ?? true } as NonNullable<Checked['draft']>,
});
type Bench = Parameters<typeof mayCheck>[0];
const bench = (parts: Partial<Bench> = {}): Bench => ({ copy, checked: null, asker: { roles: ['policy-admin'] }, opa: { available: true, how_to_get_it: null }, ...parts });
const why = (permission: ReturnType<typeof mayCheck>): string => (permission.allowed ? 'allowed' : permission.because);

describe('checking', () => {
  it('is for authors', () => expect([mayCheck(bench({ asker: { roles: ['author'] } })).allowed, mayCheck(bench({ asker: { roles: ['viewer'] } })).allowed]).toEqual([true, false]));
  it('says how to get OPA', () => expect(why(mayCheck(bench({ opa: { available: false, how_to_get_it: 'Run setup.' } })))).toContain('Run setup.'));
});

describe('formatting', () => {
  it('follows the last check of this very text', () => {
    expect(why(mayFormat(bench()))).toContain('Check first');
    expect(why(mayFormat(bench({ checked: checked() })))).toContain('as the formatter would');
    expect(mayFormat(bench({ checked: checked({ formatted: { 'a.rego': '' } }) })).allowed).toBe(true);
    expect(why(mayFormat(bench({ copy: { ...copy }, checked: checked({ formatted: { 'a.rego': '' } }) })))).toContain('Check first');
  });
});

describe('publishing', () => {
  it('takes a valid check of this very text', () => {
    expect(why(mayPublish(bench()))).toBe('Check it first.');
    expect(why(mayPublish(bench({ copy: { ...copy }, checked: checked() })))).toContain('changed since');
    expect(why(mayPublish(bench({ checked: checked({ valid: false }) })))).toContain('The check found');
    expect(why(mayPublish(bench({ checked: { ...checked(), draft: null } })))).toBe('Check it first.');
    expect(mayPublish(bench({ checked: checked() })).allowed).toBe(true);
  });
  it('is not for authors', () => expect(why(mayPublish(bench({ asker: { roles: ['author'] }, checked: checked() })))).toContain('policy-admin'));
});

it('only a version is released', () => {
  expect(why(mayRelease({ asker: { roles: ['admin'] } }, null))).toContain('Publish this first');
  expect(mayRelease({ asker: { roles: ['admin'] } }, 3).allowed).toBe(true);
});
