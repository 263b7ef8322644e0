import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { openAwsSecrets } from '@countersign/platform/secrets/aws-secrets.ts';
import { secretsConformance } from '@countersign/platform/secrets/conformance.ts';
import { Secrets } from '@countersign/platform/secrets/secrets.ts';
import { secretsWriter } from '@countersign/platform/secrets/secrets-writer.ts';
import { ROOT } from '../config.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import type { Fault } from './faulty-proxy.ts';
import { startMoto } from './moto.ts';

const TENANT = 'ten_01j0000000000000000000000a';
let server: Awaited<ReturnType<typeof startMoto>>;
let proxy: FaultyProxy;
let keys: FileKeys;
let folder: string;
beforeAll(async () => {
  server = await startMoto(path.join(ROOT, '.cache'));
  proxy = await FaultyProxy.start(server.endpoint);
  folder = await mkdtemp(path.join(tmpdir(), 'aws-secrets-'));
  keys = await FileKeys.open(path.join(folder, 'key'), { create: true });
}, 300_000);
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true });
});

const secretsOf = (endpoint: string): Secrets => new Secrets(keys, { 'aws-sm': openAwsSecrets({ prefix: 'countersign/test', endpoint, region: null }) });

secretsConformance('Secrets Manager as moto has it', () => Promise.resolve({
  secrets: secretsOf(server.endpoint),
  put: async (tenantId: string, name: string, text: string) => {
    await secretsWriter(server.endpoint)(`countersign/test/${tenantId}/${name}`, text);
    return { id: 'cred_x', sealed: null, secret_ref: `aws-sm:${name}` };
  },
  stop: () => Promise.resolve(),
}));

test('a secret is asked for once by many who need it at the same moment, and goes on while AWS does not answer', async () => {
  await secretsWriter(server.endpoint)(`countersign/test/${TENANT}/shared`, '{"token":"t"}');
  const secrets = secretsOf(proxy.endpoint);
  const before = proxy.asked;
  await Promise.all(Array.from({ length: 20 }, () => secrets.read(TENANT, 'aws-sm:shared')));
  expect(proxy.asked - before).toBe(1);
  proxy.fault = { status: 500, code: 'InternalServiceError' };
  expect(await secrets.read(TENANT, 'aws-sm:shared')).toEqual({ token: 't' });
  proxy.fault = null;
});

test.each<[string, Fault, string]>([
  ['throttles', { status: 400, code: 'ThrottlingException' }, 'secret_unreachable'],
  ['breaks', { status: 500, code: 'InternalServiceError' }, 'secret_unreachable'],
  ['gives us no right', { status: 400, code: 'AccessDeniedException' }, 'secret_refused'],
  ['has none', null, 'secret_missing'],
])('one that %s', async (_name, fault, code) => {
  proxy.fault = fault;
  await expect(secretsOf(proxy.endpoint).read(TENANT, 'aws-sm:other')).rejects.toMatchObject({ name: 'SecretsError', code });
  proxy.fault = null;
});
