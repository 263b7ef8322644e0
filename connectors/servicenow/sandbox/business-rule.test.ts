/**
 * The business rule for customers, run as ServiceNow would run it: in a global scope that has Glide's names, with a real
 * HMAC behind `generateMac` and a real socket behind `RESTMessageV2`. What arrives is checked by `standardwebhooks`.
 */
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';

const RULE = readFileSync(new URL('../business-rule.js', import.meta.url), 'utf8');
const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes len').toString('base64')}`;

interface Received {
  headers: Record<string, string>;
  body: string;
}

/** `execute()` blocks as in ServiceNow, so the receiver lives in a thread of its own. */
const RECEIVER = `
const { createServer } = require('node:http');
const { parentPort } = require('node:worker_threads');
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part) => (body += part)).on('end', () => {
    parentPort.postMessage({ headers: request.headers, body });
    response.writeHead(request.url === '/refuse' ? 401 : 202).end();
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
const POST_SCRIPT = `
const { url, headers, body } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
fetch(url, { method: 'POST', headers, body }).then((response) => process.stdout.write(String(response.status)));
`;

let receiver: Worker;
let origin: string;

beforeAll(async () => {
  receiver = new Worker(RECEIVER, { eval: true });
  origin = `http://127.0.0.1:${await nextMessage<number>()}`;
});

afterAll(() => receiver.terminate());

test('what it posts is a Standard Webhooks message that names the record', async () => {
  const arrives = nextMessage<Received>();
  const { errors } = runRule({ sys_id: '0f'.repeat(16), number: 'INC0010007', sys_mod_count: '3', sys_updated_by: 'jürgen' }, `${origin}/hook`);
  const { headers, body } = await arrives;
  expect(errors).toEqual([]);
  expect(headers['webhook-id']).toBe(`${'0f'.repeat(16)}.3`);
  expect(new Webhook(SECRET).verify(body, headers)).toEqual({
    table: 'incident', sys_id: '0f'.repeat(16), number: 'INC0010007', sys_mod_count: '3', operation: 'update', sys_updated_by: 'jürgen',
  });
  expect(body).toMatch(/^[\u0020-\u007e]+$/);
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
});

test('a record that was never updated is an insert', async () => {
  const arrives = nextMessage<Received>();
  runRule({ sys_id: 'ab'.repeat(16), number: 'INC0010008', sys_mod_count: '0', sys_updated_by: 'requester.01' }, `${origin}/hook`);
  expect(JSON.parse((await arrives).body)).toMatchObject({ operation: 'insert' });
});

test('a refusal is written to the system log, without the secret', async () => {
  const arrives = nextMessage<Received>();
  const { errors } = runRule({ sys_id: 'cd'.repeat(16), number: 'INC0010009', sys_mod_count: '1', sys_updated_by: 'x' }, `${origin}/refuse`);
  await arrives;
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('401');
  expect(errors[0]).not.toContain(SECRET.slice('whsec_'.length));
});

test('missing properties are named and nothing is sent', () => {
  const { errors } = runRule({ sys_id: 'ef'.repeat(16), number: 'INC1', sys_mod_count: '0', sys_updated_by: 'x' }, '');
  expect(errors).toEqual([expect.stringContaining('countersign.webhook.url')]);
});

test('it is ES5: nothing an older engine would refuse', () => {
  const code = RULE.replace(/\/\*[\s\S]*?\*\//g, '');
  expect(code).not.toMatch(/\b(const|let|class|async|await)\b|=>|`/);
});

function nextMessage<T>(): Promise<T> {
  return new Promise((resolve) => receiver.once('message', resolve));
}

/** Runs the rule for one record; returns what it logged. */
function runRule(record: Record<string, string>, url: string): { errors: string[] } {
  const errors: string[] = [];
  const properties: Record<string, string> = { 'countersign.webhook.url': url, 'countersign.webhook.secret': SECRET };
  const scope = createContext({
    current: { getValue: (name: string) => record[name] ?? null, getUniqueValue: () => record['sys_id'], getTableName: () => 'incident' },
    gs: { getProperty: (name: string, otherwise: string) => properties[name] || otherwise, error: (message: string) => errors.push(message) },
    GlideDateTime: class {
      getNumericValue(): number {
        return Date.now();
      }
    },
    CertificateEncryption: class {
      /** As documented: the key in base64, the algorithm's Java name, the data; the MAC comes back in base64. */
      generateMac(key: string, algorithm: string, data: string): string {
        expect(algorithm).toBe('HmacSHA256');
        return createHmac('sha256', Buffer.from(key, 'base64')).update(data).digest('base64');
      }
    },
    sn_ws: { RESTMessageV2: RestMessage },
  });
  runInContext(RULE, scope);
  return { errors };
}

class RestMessage {
  readonly #request = { url: '', headers: {} as Record<string, string>, body: '' };

  setEndpoint(url: string): void {
    this.#request.url = url;
  }

  setHttpMethod(method: string): void {
    expect(method).toBe('post');
  }

  setHttpTimeout(timeOut_ms: number): void {
    expect(timeOut_ms).toBeLessThanOrEqual(30_000);
  }

  setRequestHeader(name: string, value: string): void {
    this.#request.headers[name] = value;
  }

  setRequestBody(body: string): void {
    this.#request.body = body;
  }

  execute(): { getStatusCode(): number; haveError(): boolean; getErrorMessage(): string } {
    const status = Number(execFileSync(process.execPath, ['-e', POST_SCRIPT], { input: JSON.stringify(this.#request), encoding: 'utf8' }));
    return { getStatusCode: () => status, haveError: () => status >= 400, getErrorMessage: () => '' };
  }
}
