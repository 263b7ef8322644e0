import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Issued {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate authority for one test file, made with the `openssl` command. */
export interface TestAuthority {
  readonly caPem: string;
  issue(name: string, options: { readonly use: 'serverAuth' | 'clientAuth'; readonly altNames?: string; readonly days?: number }): Issued;
  remove(): void;
}

export function createTestAuthority(name: string): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-ca-'));
  const at = (file: string): string => join(folder, file);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', `/CN=${name}`, '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE');
  let serial = 0;
  return {
    caPem: readFileSync(at('ca.pem'), 'utf8'),
    issue(subject, { use, altNames, days = 2 }) {
      const file = `${serial += 1}`;
      openssl('req', ...newKey, '-keyout', at(`${file}.key`), '-out', at(`${file}.csr`), '-subj', `/CN=${subject}`);
      writeFileSync(at(`${file}.ext`), `extendedKeyUsage=${use}\n${altNames === undefined ? '' : `subjectAltName=${altNames}\n`}`);
      openssl('x509', '-req', '-in', at(`${file}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', file, '-days', String(days), '-extfile', at(`${file}.ext`), '-out', at(`${file}.pem`));
      return { certificatePem: readFileSync(at(`${file}.pem`), 'utf8'), privateKeyPem: readFileSync(at(`${file}.key`), 'utf8') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
