import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileKeys } from '../keys/file-keys.ts';
import { secretsConformance } from './conformance.ts';
import { EnvSecrets, FileSecrets } from './local-secrets.ts';
import { parseSecretRef } from './secret-ref.ts';
import { Secrets } from './secrets.ts';
import { readSecretsSettings } from './settings.ts';

const TENANT = 'ten_01j0000000000000000000000a';
let folder: string;
let keys: FileKeys;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'secrets-'));
  keys = await FileKeys.open(path.join(folder, 'key'), { create: true });
});
afterAll(() => rm(folder, { recursive: true }));

secretsConformance('sealed in a row', () => {
  const put = async (tenantId: string, name: string, text: string) => ({ id: `cred_${name}`, secret_ref: null, sealed: await keys.seal(tenantId, 'credential', `cred_${name}`, Buffer.from(text)) });
  return Promise.resolve({ secrets: new Secrets(keys, {}), put, stop: () => Promise.resolve() });
});

secretsConformance('the environment', () => {
  const env: Record<string, string> = {};
  const put = (tenantId: string, name: string, text: string) => {
    env[`COUNTERSIGN_SECRET__${tenantId}__${name}`] = text;
    return Promise.resolve({ id: 'cred_x', sealed: null, secret_ref: `env:${name}` });
  };
  return Promise.resolve({ secrets: new Secrets(keys, { env: new EnvSecrets(env) }), put, stop: () => Promise.resolve() });
});

secretsConformance('files', () => {
  const put = async (tenantId: string, name: string, text: string) => {
    await mkdir(path.join(folder, tenantId), { recursive: true });
    await writeFile(path.join(folder, tenantId, name), `${text}\n`);
    return { id: 'cred_x', sealed: null, secret_ref: `file:${name}` };
  };
  return Promise.resolve({ secrets: new Secrets(keys, { file: new FileSecrets(folder) }), put, stop: () => Promise.resolve() });
});

test.each(['file:../key', 'file:/etc/passwd', 'file:a/../../key', 'file:a//b', 'env:PATH=1', 'env:A B', 'aws-sm:', 'aws-sm:x#', 'aws-sm:x#a b', 'vault:x', 'x', 'file:..', 'aws-sm:arn:aws:secretsmanager:x'])('%s is no reference', (text) => {
  expect(() => parseSecretRef(text)).toThrow(expect.objectContaining({ code: 'secret_ref_invalid' }) as Error);
});

test('nothing leads out of what is set apart for a tenant: no link, no variable of the process, no kind that is not set up', async () => {
  const secrets = new Secrets(keys, { file: new FileSecrets(folder), env: new EnvSecrets(readSecretsSettings({ PATH: 'x', DATABASE_URL: 'y' }).env) });
  await mkdir(path.join(folder, TENANT), { recursive: true });
  await symlink(path.join(folder, 'key'), path.join(folder, TENANT, 'link'));
  await expect(secrets.read(TENANT, 'file:link', 'token')).rejects.toMatchObject({ code: 'secret_refused' });
  for (const ref of ['file:nothing', 'env:PATH', 'env:DATABASE_URL']) await expect(secrets.read(TENANT, ref, 'token')).rejects.toMatchObject({ code: 'secret_missing' });
  await expect(secrets.read(TENANT, 'aws-sm:x', 'token')).rejects.toMatchObject({ code: 'secret_ref_invalid' });
});

test('a member of a JSON object is a secret by itself', async () => {
  const secrets = new Secrets(keys, { env: new EnvSecrets({ [`COUNTERSIGN_SECRET__${TENANT}__all`]: '{"desk":{"token":"t"},"hook":"h"}' }) });
  expect(await secrets.read(TENANT, 'env:all#desk')).toEqual({ token: 't' });
  expect(await secrets.read(TENANT, 'env:all#hook', 'secret')).toEqual({ secret: 'h' });
  await expect(secrets.read(TENANT, 'env:all#toString', 'secret')).rejects.toMatchObject({ code: 'secret_missing' });
});
