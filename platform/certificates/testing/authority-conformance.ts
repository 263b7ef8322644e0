import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateAuthority } from '../authority.ts';
import { issueCertificate } from '../issue.ts';
import type { CertificateWish, IssuedCertificate } from '../issue.ts';

export interface AuthorityUnderTest {
  /** As a process of the cell opens it: the first makes it. */
  open(): Promise<CertificateAuthority>;
  /** Of another cell, by the same name. */
  readonly other: CertificateAuthority;
  stop(): Promise<void>;
}

const SPIFFE = 'spiffe://cell.countersign/tenant/t/agent/a';
const HOUR_MS = 3_600_000;

/** What is asked of every authority; the judge is OpenSSL, which had no part in it. */
export function authorityConformance(name: string, start: () => Promise<AuthorityUnderTest>): void {
  describe(`${name}: a certificate authority`, () => {
    let parts: AuthorityUnderTest;
    let authority: CertificateAuthority;
    let folder: string;
    beforeAll(async () => {
      parts = await start();
      folder = mkdtempSync(join(tmpdir(), 'authority-'));
      const opened = await Promise.all([parts.open(), parts.open(), parts.open()]);
      authority = opened[0]!;
      expect(new Set(opened.map(({ certificate_pem }) => certificate_pem)).size, 'processes that start at once have one authority').toBe(1);
    }, 300_000);
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await parts.stop();
    });

    const file = (called: string, text: string): string => {
      const path = join(folder, called);
      writeFileSync(path, text);
      return path;
    };
    const verifies = (purpose: string, ca: CertificateAuthority, { pem }: IssuedCertificate): boolean => {
      try {
        return openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', file('ca.crt', ca.certificate_pem), file('issued.crt', pem)).includes('OK');
      } catch {
        return false;
      }
    };

    it('issues what OpenSSL takes for a client of it, and for nothing else', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const issued = await issueCertificate(wishFor(publicKey.export({ type: 'spki', format: 'der' }), 'client'), authority.name, authority.signer);
      expect([verifies('sslclient', authority, issued), verifies('sslserver', authority, issued), verifies('sslclient', parts.other, issued)]).toEqual([true, false, false]);
      const read = new X509Certificate(issued.pem);
      expect([read.subjectAltName, read.serialNumber.toLowerCase(), read.ca, read.checkPrivateKey(privateKey)]).toEqual([`URI:${SPIFFE}`, issued.serial, false, true]);
    });

    it('issues what OpenSSL takes for a server', async () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const issued = await issueCertificate(wishFor(publicKey.export({ type: 'spki', format: 'der' }), 'server'), authority.name, authority.signer);
      expect([verifies('sslserver', authority, issued), verifies('sslclient', authority, issued)]).toEqual([true, false]);
    });

    it('is the same after a restart, for ten years, and may certify no other authority', async () => {
      expect((await parts.open()).certificate_pem).toBe(authority.certificate_pem);
      const certificate = new X509Certificate(authority.certificate_pem);
      expect(certificate.ca && certificate.verify(certificate.publicKey)).toBe(true);
      expect(Math.round((certificate.validToDate.getTime() - Date.now()) / (365 * 24 * HOUR_MS))).toBe(10);
      expect(openssl('x509', '-in', file('ca.crt', authority.certificate_pem), '-noout', '-ext', 'basicConstraints,keyUsage')).toMatch(/CA:TRUE, pathlen:0[\s\S]*Certificate Sign, CRL Sign/);
    });
  });
}

function wishFor(publicKey: Uint8Array, use: 'client' | 'server'): CertificateWish {
  return {
    name: 'agt_1', use, publicKey, alternative_names: [use === 'client' ? { type: 'url', value: SPIFFE } : { type: 'dns', value: 'cell.example' }],
    not_before: new Date(Date.now() - HOUR_MS), not_after: new Date(Date.now() + HOUR_MS),
  };
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
