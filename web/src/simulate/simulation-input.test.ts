import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem.ts';
import { beginInput, problemsOfInput, readInput } from './simulation-input.ts';

const ME = { tenant: { id: 'ten_1', slug: 'acme', name: 'Acme' }, workspace: { id: 'wsp_1', slug: 'it', name: 'IT' } };

it('an input begins in one’s own tenant', () => {
  expect(JSON.parse(beginInput(ME, { environment_id: 'env_1', environment: 'dev' }))).toMatchObject({ tenant: { id: 'ten_1', slug: 'acme' }, environment: { id: 'env_1', name: 'dev' }, run: { autonomy: 'supervised' } });
});

it.each([['{"a":1}', { a: 1 }], ['[]', null], ['{', null], ['null', null]])('%s is read', (text, expected) => expect(readInput(text)).toEqual(expected));

describe('problems of the input', () => {
  it('stand where the server points', () => {
    const problem = { type: '', title: '', status: 422, detail: '', instance: '', code: 'request_invalid', request_id: 'r', errors: [{ field: '/subject/input/action/risk', code: 'enum', message: 'one of read, write' }, { field: '/against', code: 'required', message: 'x' }] };
    expect(problemsOfInput('{\n "action": {"risk": 5}}', new ApiError({ status: 422, code: 'request_invalid', message: '', problem }))).toEqual([
      { code: 'enum', severity: 'error', file: 'input.json', line: 2, column: 21, message: '/action/risk: one of read, write' },
    ]);
  });
  it('are none without an answer', () => expect(problemsOfInput('{}', null)).toEqual([]));
});
