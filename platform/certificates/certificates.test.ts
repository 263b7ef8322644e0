import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { authorityConformance } from './testing/authority-conformance.ts';
import { openFileAuthority } from './file-authority.ts';
import type { CertificateAuthority } from './authority.ts';
import { publicKeyOfRequest } from './issue.ts';
import { certificateRequest } from './request.ts';

const NOW = new Date();
let folder: string;
let authority: CertificateAuthority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ca-'));
  authority = await openFileAuthority(join(folder, 'keys'), 'Cell one', NOW);
});

/** What OpenSSL, which had no part in making it, says. */
function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a certificate request', () => {
  it.each(['P-256 agent', 'Ä', 'x'.repeat(300)])('of %s is one for OpenSSL, and for the library that reads it here', async (name) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = certificateRequest(privateKey, name);
    // OpenSSL bounds a common name to 64 characters; the library does not.
    if (name.length <= 64) expect(openssl('req', '-in', file('a.csr', pem), '-noout', '-verify', '-pubkey')).toContain(publicKey.export({ type: 'spki', format: 'pem' }).toString().trim());
    expect(Buffer.from(await publicKeyOfRequest(pem))).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
  });

  it('is refused for another kind of key, when it is not signed with its key, and when it is none', async () => {
    const other = openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1', '-nodes', '-keyout', '/dev/null', '-subj', '/CN=x');
    await expect(publicKeyOfRequest(other)).rejects.toMatchObject({ code: 'request_invalid' });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = Buffer.from(certificateRequest(privateKey, 'agent').replace(/-----[A-Z ]+-----|\n/g, ''), 'base64');
    der[der.indexOf('agent')] = 'A'.charCodeAt(0);
    await expect(publicKeyOfRequest(`-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`)).rejects.toMatchObject({ code: 'request_invalid' });
    await expect(publicKeyOfRequest('hello')).rejects.toMatchObject({ code: 'request_invalid' });
  });
});

authorityConformance('a file', async () => {
  const at = mkdtempSync(join(tmpdir(), 'ca-'));
  return {
    open: () => openFileAuthority(join(at, 'keys'), 'Cell', NOW), other: await openFileAuthority(join(at, 'other'), 'Cell', NOW),
    stop: async () => rmSync(at, { recursive: true, force: true }),
  };
});

describe('the authority of a file', () => {
  it('has a key that is for its owner alone', () => {
    expect(statSync(join(folder, 'keys/agent-ca.key')).mode & 0o077).toBe(0);
    expect(readFileSync(join(folder, 'keys/agent-ca.crt'), 'utf8')).not.toContain('PRIVATE');
  });

  it('does not open with a key that others can read, that is none, or that is of another certificate', async () => {
    const at = join(mkdtempSync(join(tmpdir(), 'ca-')), 'keys');
    await openFileAuthority(at, 'x', NOW);
    chmodSync(join(at, 'agent-ca.key'), 0o644);
    await expect(openFileAuthority(at, 'x', NOW)).rejects.toMatchObject({ code: 'authority_unusable' });
    chmodSync(join(at, 'agent-ca.key'), 0o600);
    writeFileSync(join(at, 'agent-ca.crt'), authority.certificate_pem);
    await expect(openFileAuthority(at, 'x', NOW)).rejects.toMatchObject({ code: 'authority_unusable' });
    writeFileSync(join(at, 'agent-ca.key'), 'none');
    await expect(openFileAuthority(at, 'x', NOW)).rejects.toMatchObject({ code: 'authority_unusable' });
  });
});
