import { createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CanonicalJsonError } from '../canonical-json/errors.ts';
import { ApiError } from './api-error.ts';
import { loadContract } from './contract.ts';
import { startHttpServer } from './http-server.ts';
import { asApiError, problemOf, sendProblem } from './problem.ts';
import { readRawBody } from './raw-body.ts';
import { parseJsonBody, parseTextBody, requireMediaType } from './strict-body.ts';

const at = { requestId: 'req_1', path: '/x' };

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return asApiError(error).code;
  }
}

describe('problems', () => {
  test('carry the code, what to do and what is wrong, and no more than 50 fields of it', () => {
    const errors = Array.from({ length: 60 }, (_, n) => ({ field: `/${n}`, code: 'x', message: 'y' }));
    const problem = problemOf(new ApiError('request_invalid', 'Wrong.', { errors, members: { current_action_digest: 'sha256:1' } }), at);
    expect(problem).toMatchObject({ status: 400, code: 'request_invalid', detail: 'Wrong.', instance: '/x', request_id: 'req_1', current_action_digest: 'sha256:1' });
    expect(problem.errors).toHaveLength(50);
  });

  test('of what we did not foresee tell nothing of it', () => {
    const problem = problemOf(asApiError(new TypeError('password hunter2 in column secret')), at);
    expect(problem.code).toBe('internal');
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  test('of strict JSON keep their place', () => {
    const error = asApiError(new CanonicalJsonError('json_duplicate_key', '/a', 'the key appears twice in one object'));
    expect([error.code, error.errors?.[0]?.field]).toEqual(['json_invalid', '/a']);
    expect(asApiError(new CanonicalJsonError('json_too_large', '', 'big')).code).toBe('body_too_large');
  });

  test('members never replace what RFC 9457 defines', () => {
    expect(problemOf(new ApiError('not_found', 'No.', { members: { status: '200', code: 'fine' } }), at)).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('bodies', () => {
  test.each<[string, Uint8Array, string]>([
    ['NUL in a value', Buffer.from(String.raw`{"a":["\u0000"]}`), 'json_invalid'],
    ['NUL in a key', Buffer.from(String.raw`{"\u0000":1}`), 'json_invalid'],
    ['no JSON', Buffer.from('{'), 'json_invalid'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'json_invalid'],
    ['too large', Buffer.from(`"${'x'.repeat(100)}"`), 'body_too_large'],
    ['good', Buffer.from('{"a":1}'), 'accepted'],
  ])('JSON: %s', (_name, bytes, code) => {
    expect(codeOf(() => parseJsonBody(bytes, 100))).toBe(code);
  });

  test('text: UTF-8 without NUL', () => {
    expect(parseTextBody(Buffer.from('é'))).toBe('é');
    expect(codeOf(() => parseTextBody(Buffer.from('a\0')))).toBe('request_invalid');
    expect(codeOf(() => parseTextBody(Buffer.from([0xc3])))).toBe('request_invalid');
  });

  test.each([
    ['application/json', 'accepted'], ['Application/JSON; charset=UTF-8', 'accepted'], ['application/json;charset="utf-8"', 'accepted'], ['application/json; charset=utf-16', 'media_type_unsupported'],
    ['text/plain', 'media_type_unsupported'], ['application/jsonx', 'media_type_unsupported'], [undefined, 'media_type_unsupported'],
  ])('the media type %s', (type, code) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    expect(codeOf(() => requireMediaType({ headers } as Parameters<typeof requireMediaType>[0], 'application/json'))).toBe(code);
  });

  test('are read as bytes and never beyond the limit, whatever the length says', async () => {
    const server = createServer((request, response) => {
      readRawBody(request, 10).then((bytes) => response.end(bytes), (error: unknown) => sendProblem(response, asApiError(error), at));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bytes = Buffer.from([0, 255, 13, 10]);
    expect(Buffer.from(await (await fetch(url, { method: 'POST', body: bytes })).arrayBuffer()).equals(bytes)).toBe(true);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    // Without a length: chunk by chunk.
    const chunked = httpRequest(url, { method: 'POST' });
    chunked.write('x'.repeat(8));
    chunked.end('x'.repeat(8));
    const [answer] = await once(chunked, 'response') as [{ statusCode: number; resume: () => void }];
    answer.resume();
    expect(answer.statusCode).toBe(413);
    expect((await fetch(url, { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    server.close();
    server.closeAllConnections();
  });
});

describe('the contract', async () => {
  const operations = await loadContract(fileURLToPath(new URL('../../contracts/openapi/openapi.yaml', import.meta.url)));
  const find = (id: string) => {
    const operation = operations.find((one) => one.id === id);
    if (operation === undefined) throw new TypeError(id);
    return operation;
  };

  test('converts parameters and fills in defaults', () => {
    const query: Record<string, unknown> = { state: 'queued,waiting' };
    expect(find('listRuns').checkParameters('query', query)).toEqual([]);
    expect(query).toEqual({ state: ['queued', 'waiting'], limit: 50 });
  });

  test('names every field that is wrong, with what it takes', () => {
    expect(find('castVote').checkBody({ decision: 'maybe', extra: 1 })).toEqual(expect.arrayContaining([
      { field: '/extra', code: 'unknown_field', message: 'This field is not known here. Remove it or mend its spelling.' },
      { field: '/action_digest', code: 'required', message: 'This field is required.' },
      { field: '/decision', code: 'not_allowed', message: 'Use one of: approve, reject, happened, did_not_happen.' },
    ]));
  });

  test('knows an answer that is not written down', () => {
    expect(find('getMe').checkAnswer(200, 'text/plain', '')).toHaveLength(1);
    expect(find('signOut').checkAnswer(204, '', undefined)).toEqual([]);
    expect(find('getMe').checkAnswer(404, 'application/problem+json', problemOf(new ApiError('not_found', 'No.'), at))).toEqual([]);
  });
});

test('a server that stops lets a request finish and cuts one that does not end', async () => {
  const release = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const server = await startHttpServer((request, response) => {
    began.resolve();
    if (request.url === '/slow') void release.promise.then(() => response.end('done'));
  }, { host: '127.0.0.1', port: 0 });
  const slow = fetch(`${server.url}/slow`);
  await began.promise;
  const stopped = server.stop(5_000);
  release.resolve();
  expect(await (await slow).text()).toBe('done');
  await stopped;

  const stuck = await startHttpServer(() => undefined, { host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(stuck.url).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'connect');
  await stuck.stop(50);
  socket.destroy();
});

test.each([
  ['not HTTP', '\x16\x03\x01 hello\r\n\r\n', 'not valid HTTP'],
  ['headers without end', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, 'larger than 32768 bytes'],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 'not valid HTTP'],
])('what no route can read is a problem with a code, too: %s', async (_name, bytes, detail) => {
  const server = await startHttpServer((_request, response) => response.end('reached'), { host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.setEncoding('utf8').write(bytes);
  const answer = (await socket.toArray()).join('');
  expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*content-type: application\/problem\+json[^]*"code":"request_invalid"/);
  expect(answer).toContain(detail);
  await server.stop(0);
});
