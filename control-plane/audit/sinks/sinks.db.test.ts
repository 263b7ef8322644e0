import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let receiver: Server;
let endpoint: string;
/** What the receiver does with a request: takes it, fails, or cuts the connection after it has read it. */
let behaviour: 'takes' | 'fails' | 'cuts' = 'takes';
const got: Array<{ id: string; signed: boolean; lines: string[]; headers: IncomingHttpHeaders; text: string }> = [];
let secret = Buffer.alloc(0);

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback' });
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
      got.push({ id: String(id), signed: signature === `v1,${createHmac('sha256', secret).update(`${String(id)}.${String(at)}.${text}`).digest('base64')}`, lines: text.startsWith('[') ? (JSON.parse(text) as object[]).map((one) => JSON.stringify(one)) : text.trimEnd().split('\n'), headers: request.headers, text });
      if (behaviour === 'cuts') response.destroy();
      else response.writeHead(behaviour === 'fails' ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/siem`;
});
afterAll(async () => {
  await plane.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

const HOME = { 'content-type': 'application/json' };
const act = async (): Promise<void> => { await plane.api('POST', '/api/v1/api-keys', { json: { name: 'for the audit' } }); };
interface SinkBody { id: string; secret?: string; state: string; positions: Array<{ delivered: number; head: number; lag: number }> }
const sink = async (id: string): Promise<SinkBody> => ((await plane.api('GET', '/api/v1/audit/sinks')).body['items'] as SinkBody[]).find((one) => one.id === id)!;
const seqs = (): number[] => got.flatMap(({ lines }) => lines.map((line) => (JSON.parse(line) as { seq: number }).seq));

test('every event arrives at least once, in order, signed, over failures, cuts and a restart', async () => {
  const made = await plane.api('POST', '/api/v1/audit/sinks', { headers: HOME, json: { name: 'collector', kind: 'webhook', format: 'native', endpoint, from_first: true } });
  expect(made.status).toBe(201);
  const { id, secret: shown = '' } = made.body as unknown as SinkBody;
  secret = Buffer.from(shown.replace('whsec_', ''), 'base64');
  for (const next of ['cuts', 'fails', 'takes'] as const) {
    behaviour = next;
    await act();
    await expect.poll(async () => (next === 'takes' ? (await sink(id)).positions.every(({ lag }) => lag === 0) : (await sink(id)).state === 'failing'), { timeout: 20_000 }).toBe(true);
    if (next === 'fails') await plane.restart();
  }
  await expect.poll(async () => (await plane.auditEvents()).some(({ type }) => type === 'audit.sink_recovered') && (await sink(id)).positions.every(({ lag }) => lag === 0), { timeout: 20_000 }).toBe(true);
  const [delivered] = (await sink(id)).positions;
  const unique = [...new Set(seqs())];
  expect(unique).toEqual(Array.from({ length: delivered!.delivered }, (_, n) => n + 1));
  // What the receiver took or read is signed with the secret that was shown once.
  expect(got.filter(({ id: message }) => message.startsWith(id)).every(({ signed }, at) => signed || at === 0)).toBe(true);
  expect((await plane.auditEvents()).map(({ type }) => type)).toEqual(expect.arrayContaining(['audit.sink_changed', 'audit.sink_failed', 'audit.sink_recovered']));
}, 90_000);

interface PublishedKey { kid: string; kty: string; crv: string; x: string; state: string }

/** As a receiver with nothing but the published key set: RFC 9421, 3.2, for the components that we say we sign. Gives the key, or why not. */
async function signerOf({ headers, text }: (typeof got)[number]): Promise<string> {
  const [, parameters = '', components = '', kid = ''] = /^countersign=((\(.*\));created=\d+;keyid="([^"]+)";tag="countersign-webhook")$/.exec(String(headers['signature-input'])) ?? [];
  const derived: Record<string, string> = { '@method': 'POST', '@target-uri': endpoint };
  const base = [...components.matchAll(/"([^"]+)"/g)].map(([, name = '']) => `"${name}": ${derived[name] ?? String(headers[name])}`).concat(`"@signature-params": ${parameters}`).join('\n');
  const keys = (await plane.api('GET', '/api/v1/key-sets/local', { key: null })).body['keys'] as PublishedKey[];
  const found = keys.find((key) => key.kid === kid);
  if (found === undefined) return 'no such key';
  if (headers['content-digest'] !== `sha-256=:${createHash('sha256').update(text).digest('base64')}:`) return 'another body';
  const signature = Buffer.from(/^countersign=:(.+):$/.exec(String(headers['signature']))?.[1] ?? '', 'base64');
  return verify(null, Buffer.from(base), createPublicKey({ format: 'jwk', key: { kty: found.kty, crv: found.crv, x: found.x } }), signature) ? kid : 'not signed';
}

test('whoever has the key set knows whose every message is, and which key signed it; the list of a key says that they are not in it', async () => {
  const kids = new Set<string>();
  for (const message of got) kids.add(await signerOf(message));
  const signing = ((await plane.api('GET', '/api/v1/keys')).body['keys'] as Array<{ kid: string; purpose: string }>).filter(({ purpose }) => purpose === 'webhook').map(({ kid }) => kid);
  expect([...kids]).toEqual(signing);
  const [first] = got;
  expect(await signerOf({ ...first!, text: `${first!.text} ` })).toBe('another body');
  expect(await signerOf({ ...first!, headers: { ...first!.headers, 'webhook-id': 'another' } })).toBe('not signed');

  expect((await plane.api('GET', `/api/v1/keys/${signing[0]}/signatures`)).body).toMatchObject({ items: [], not_kept: expect.stringContaining('keyid') as string });
  await plane.api('POST', `/api/v1/keys/${signing[0]}/revoke`, { json: { reason: 'A laptop was lost', compromised_since: new Date().toISOString() } });
  got.length = 0;
  await act();
  await expect.poll(() => got.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const after = await signerOf(got.at(-1)!);
  expect([after.length, signing.includes(after)]).toEqual([43, false]);
}, 60_000);

test('a sink that is switched off is told so, and gets nothing more', async () => {
  behaviour = 'takes';
  got.length = 0;
  const { id } = (await plane.api('POST', '/api/v1/audit/sinks', { json: { name: 'old one', kind: 'webhook', format: 'ocsf', endpoint, types: ['audit.*'] } })).body as unknown as SinkBody;
  expect((await plane.api('DELETE', `/api/v1/audit/sinks/${id}`)).status).toBe(204);
  const changes = (): string[] => got.filter((one) => one.id.startsWith(id)).flatMap(({ lines }) => lines).filter((line) => line.includes(id)).map((line) => (JSON.parse(line) as { unmapped: { data: { change: string } } }).unmapped.data.change);
  await expect.poll(() => changes().at(-1), { timeout: 20_000 }).toBe('removed');
  const before = got.filter((one) => one.id.startsWith(id)).length;
  await act();
  await expect.poll(async () => (await plane.api('GET', '/api/v1/audit/events?limit=1')).body['items'], { timeout: 10_000 }).toMatchObject([{ event: { type: 'api_key.created' } }]);
  expect(got.filter((one) => one.id.startsWith(id))).toHaveLength(before);
});

test('CEF into the object store, put once under the tenant\'s prefix', async () => {
  const { id } = (await plane.api('POST', '/api/v1/audit/sinks', { json: { name: 'archive', kind: 's3', format: 'cef' } })).body as unknown as SinkBody;
  await act();
  const objects = new FolderObjects(plane.config.objectsFolder);
  const lines = async (): Promise<string[]> => {
    const all: string[] = [];
    for await (const key of objects.list(`t/${plane.tenant.tenantId}/siem/${id}/`)) all.push(...gunzipSync(await objects.get(key)).toString('utf8').trimEnd().split('\n'));
    return all;
  };
  await expect.poll(async () => (await lines()).some((line) => line.startsWith('CEF:0|Countersign|Countersign|1|api_key.created|api_key.created|2|externalId=aud_')), { timeout: 20_000 }).toBe(true);
});

test.each([[{ name: 'x', kind: 'webhook', format: 'ocsf' }], [{ name: 'x', kind: 'webhook', format: 'ocsf', endpoint: 'http://example.test/' }], [{ name: 'x', kind: 'webhook', format: 'ocsf', endpoint: 'https://user:password@example.test/' }]])('%j is refused', async (json) => {
  expect((await plane.api('POST', '/api/v1/audit/sinks', { json })).body['code']).toBe('sink_invalid');
});

test.each([['takes', true, 204], ['fails', false, 503], ['cuts', false, null]] as const)('a sink that %s is tested by one labelled event, which moves no position and is audited', async (next, delivered, status) => {
  behaviour = next;
  const { id, secret: shown = '' } = (await plane.api('POST', '/api/v1/audit/sinks', { json: { name: 'tested', kind: 'webhook', format: 'native', endpoint, types: ['run.created'] } })).body as unknown as SinkBody & { id: string };
  secret = Buffer.from(shown.replace('whsec_', ''), 'base64');
  const { positions } = await sink(id);
  expect(await plane.api('POST', `/api/v1/audit/sinks/${id}/test`)).toMatchObject({ status: 200, body: { delivered, status, detail: expect.stringContaining(status === null ? 'Nothing was answered' : String(status)) } });
  const sent = got.filter((one) => one.id.startsWith(`${id}.test.aud_`));
  expect(sent.map(({ signed, lines }) => [signed, lines.map((line) => JSON.parse(line) as object)])).toEqual([[true, [expect.objectContaining({ seq: 0, event: expect.objectContaining({ type: 'audit.sink_changed', data: { change: 'tested', status: null, is_test: true } }) })]]]);
  expect((await sink(id)).positions[0]!.delivered).toBeGreaterThanOrEqual(positions[0]!.delivered);
  expect((await plane.auditEvents()).filter(({ type, subject, data }) => type === 'audit.sink_changed' && subject.id === id && data.change === 'tested').map(({ data }) => data)).toEqual([{ change: 'tested', status, is_test: false }]);
  await plane.api('DELETE', `/api/v1/audit/sinks/${id}`);
});

test('the object store is tested by an object, and nothing is sent to a sink that is not there', async () => {
  const { id } = (await plane.api('POST', '/api/v1/audit/sinks', { json: { name: 'archive', kind: 's3', format: 'ocsf' } })).body as unknown as SinkBody;
  const { body } = await plane.api('POST', `/api/v1/audit/sinks/${id}/test`);
  expect(body).toMatchObject({ delivered: true, status: null });
  const key = /^Put as (.*)\.$/.exec(String(body['detail']))![1]!;
  expect(JSON.parse(Buffer.from(await new FolderObjects(plane.config.objectsFolder).get(key)).toString('utf8'))).toMatchObject([{ class_uid: 3004, unmapped: { data: { is_test: true } } }]);
  expect((await plane.api('POST', `/api/v1/audit/sinks/${newId('audit_sink')}/test`)).body['code']).toBe('not_found');
});
