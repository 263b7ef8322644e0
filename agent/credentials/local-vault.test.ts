import { chmodSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConnectionConfig, SecretRef } from '../config/agent-config.ts';
import { credentialIds, localVault } from './local-vault.ts';
import { resolveSecret } from './secret-ref.ts';

const PATH = '/usr/local/bin:/usr/bin:/bin';
const CANARY = 'canary-5521 $(id)';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
});

function secretFile(text: string, mode = 0o600): string {
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const connection = (credential: ConnectionConfig['credential'], more: Partial<ConnectionConfig> = {}): ConnectionConfig => ({ name: 'sn', connector: 'servicenow', base_url: 'https://sn', credential, ...more });

describe('a secret', () => {
  it('is what a file holds, without its last line break', async () => {
    expect(await resolveSecret({ file: secretFile(`${CANARY}\n`) }, {})).toBe(CANARY);
    expect(await resolveSecret({ env: 'X' }, { X: CANARY })).toBe(CANARY);
  });

  it('is what a program says, which is given its arguments as they are and nothing of the environment', async () => {
    const env = { PATH, SN_PASSWORD: 'another-secret' };
    expect(await resolveSecret({ command: ['printf', '%s\n', CANARY] }, env)).toBe(CANARY);
    expect(await resolveSecret({ command: ['env'] }, env)).not.toContain('another-secret');
  });

  it.each<[string, () => SecretRef, string]>([
    ['that is not there', () => ({ file: join(folder, 'nothing') }), 'secret_missing'],
    ['that others can read', () => ({ file: secretFile(CANARY, 0o640) }), 'secret_unusable'],
    ['that others can read behind a link', () => { symlinkSync(secretFile(CANARY, 0o604), join(folder, 'link')); return { file: join(folder, 'link') }; }, 'secret_unusable'],
    ['that is a folder', () => ({ file: folder }), 'secret_unusable'],
    ['that is empty', () => ({ file: secretFile('\n') }), 'secret_unusable'],
    ['that is a film', () => ({ file: secretFile('x'.repeat(70_000)) }), 'secret_unusable'],
    ['of a variable that is not set', () => ({ env: 'NOT_SET' }), 'secret_missing'],
    ['of a program that there is not', () => ({ command: ['/nowhere/program'] }), 'secret_command_failed'],
    ['of a program that says no, and why', () => ({ command: ['sh', '-c', `echo '${CANARY}' >&2; echo '${CANARY}'; exit 3`] }), 'secret_command_failed'],
    ['of a program that does not end', () => ({ command: ['sleep', '60'], timeout_ms: 100 }), 'secret_command_failed'],
    ['of a program that never stops talking', () => ({ command: ['yes', CANARY], timeout_ms: 5_000 }), 'secret_command_failed'],
  ])('%s is refused in words that hold nothing of it', async (_, ref, code) => {
    const error = await resolveSecret(ref(), { PATH }).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)).replace(/"stack":"[^"]*"/, '')).not.toContain('canary');
  });
});

it.each<[SecretRef, string]>([
  [{ command: ['yes'], timeout_ms: 30_000 }, 'said more than 65536 bytes'],
  [{ command: ['sleep', '60'], timeout_ms: 100 }, 'did not end within 100 ms'],
  [{ command: ['/nowhere/program'] }, 'could not be started (ENOENT)'],
])('what is wrong with the program %j is told', async (ref, why) => {
  await expect(resolveSecret(ref, { PATH })).rejects.toThrow(why);
});

it('what a program has started ends with it when it takes too long', async () => {
  const pids = join(folder, 'pids');
  await expect(resolveSecret({ command: ['sh', '-c', `sleep 60 & echo $! > ${pids}; wait`], timeout_ms: 1_000 }, { PATH })).rejects.toThrow('did not end within 1000 ms');
  const started = readFileSync(pids, 'utf8').trim();
  await vi.waitFor(() => expect(isRunning(started)).toBe(false));
});

/** A process that nobody has waited for is one that has ended. */
function isRunning(pid: string): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

describe('the vault of an agent', () => {
  const ref: SecretRef = { env: 'A' };
  const other: SecretRef = { env: 'B' };
  const env = { A: 'a', B: 'b' };

  it.each<[ConnectionConfig['credential'], unknown]>([
    [{ kind: 'basic', username: ref, password: other }, { kind: 'basic', username: 'a', password: 'b' }],
    [{ kind: 'bearer', token: ref }, { kind: 'bearer', token: 'a' }],
    [{ kind: 'api_key', header: 'x-key', value: ref }, { kind: 'api_key', header: 'x-key', value: 'a' }],
    [{ kind: 'oauth_client_credentials', client_id: ref, client_secret: other, token_path: '/t' }, { kind: 'oauth_client_credentials', clientId: 'a', clientSecret: 'b', tokenPath: '/t' }],
    [{ kind: 'signed_jwt', issuer: ref, private_key: other, token_path: '/t' }, { kind: 'signed_jwt', issuer: 'a', privateKeyPem: 'b', tokenPath: '/t' }],
  ])('lends %j as the gateway takes it', async (credential, value) => {
    expect(await localVault([connection(credential)], env, () => 0).borrow('ten', credentialIds.own('sn'))).toEqual(value);
  });

  it('lends a certificate and the proxy\'s password beside it, and nothing that is not configured', async () => {
    const vault = localVault([connection({ kind: 'none' }, { client_certificate: { certificate: ref, private_key: other }, proxy: { url: 'http://p', username: ref, password: other, resolves_names: false } })], env, () => 0);
    expect(await vault.borrow('ten', credentialIds.certificate('sn'))).toEqual({ kind: 'client_certificate', certificatePem: 'a', privateKeyPem: 'b' });
    expect(await vault.borrow('ten', credentialIds.proxy('sn'))).toEqual({ kind: 'basic', username: 'a', password: 'b' });
    await expect(vault.borrow('ten', credentialIds.own('sn'))).rejects.toMatchObject({ code: 'secret_missing' });
  });

  it('asks a program once a minute, for all who ask at once, and again at once when it failed', async () => {
    const count = join(folder, 'count');
    let at = 0;
    const token: SecretRef = { command: ['sh', '-c', `echo x >> ${count}; test -e ${folder}/ready && echo token`] };
    const vault = localVault([connection({ kind: 'bearer', token })], { PATH }, () => at);
    const times = (): number => readFileSync(count, 'utf8').split('\n').length - 1;
    await expect(vault.borrow('ten', 'sn')).rejects.toMatchObject({ code: 'secret_command_failed' });
    writeFileSync(join(folder, 'ready'), '');
    await Promise.all([vault.borrow('ten', 'sn'), vault.borrow('ten', 'sn'), vault.borrow('ten', 'sn')]);
    at = 59_999;
    await vault.borrow('ten', 'sn');
    expect(times()).toBe(2);
    at = 60_000;
    await vault.borrow('ten', 'sn');
    expect(times()).toBe(3);
  });
});
