/** Whatever is sent, the sandbox answers in its own form and stays up: no 500, no crash. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { call } from './testing/client.ts';

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ incidents: 5 });
});

afterAll(() => sandbox.stop());

const encodedQuery = fc.array(fc.oneof(fc.constantFrom('^', '^OR', '^NQ', '^^', 'state', 'number', '=', '!=', 'LIKE', 'IN', 'ORDERBY', '1', 'caller_id.', '.', 'BETWEEN', '@'), fc.string({ maxLength: 4 })), { maxLength: 12 }).map((parts) => parts.join(''));

test('any encoded query', async () => {
  await fc.assert(
    fc.asyncProperty(encodedQuery, async (query) => {
      const { status } = await call(sandbox.url, `/api/now/table/incident?sysparm_query=${encodeURIComponent(query.toWellFormed())}`);
      expect(status).toBe(200);
    }),
    { numRuns: 200 },
  );
});

test('any record', async () => {
  const fields = fc.dictionary(fc.constantFrom('short_description', 'state', 'impact', 'category', 'work_notes', 'caller_id', 'constructor', '__proto__', 'sys_id'), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fields, async (json) => {
      expect([201, 403]).toContain((await call(sandbox.url, '/api/now/table/incident', { json })).status);
    }),
    { numRuns: 150 },
  );
});

test('NUL and lone surrogates come back as they were sent', async () => {
  const text = 'a\u0000b\ud800c';
  const { body } = await call(sandbox.url, '/api/now/table/incident', { json: { short_description: text } });
  expect(body.result['short_description']).toBe(text);
});
