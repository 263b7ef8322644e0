import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EgressError } from './errors.ts';

/** How connections are made. What is absent: the system's trust store, no client certificate, no proxy. Nothing comes from the environment. */
export interface ConnectionOptions {
  /** PEM certificates that are trusted instead of the system's. */
  readonly caPem?: string | undefined;
  /** Presented to the base URL's origin, and to no other that a redirect leads to. */
  readonly clientCertificate?: { readonly certificatePem: string; readonly privateKeyPem: string } | undefined;
  readonly proxy?: ProxyOptions | undefined;
}

export interface ProxyOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly credential?: { readonly username: string; readonly password: string } | undefined;
  /** The proxy is asked for the name and not for an address that was checked here; see decision record 0011. */
  readonly resolvesNames?: boolean | undefined;
}

export interface ConnectionSettings {
  readonly ca: readonly string[] | null;
  readonly clientCertificate: { readonly cert: string; readonly key: string } | null;
  readonly proxy: Proxy | null;
}

export interface Proxy {
  readonly hostname: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | null;
  readonly resolvesNames: boolean;
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads the settings before anything is connected, so that a wrong one is named and not met as a handshake that failed.
 * @throws EgressError connection_settings_invalid
 */
export function readConnectionSettings(options: ConnectionOptions, now: () => Date): ConnectionSettings {
  return {
    ca: options.caPem === undefined ? null : readCertificates(options.caPem, 'The CA certificates'),
    clientCertificate: options.clientCertificate === undefined ? null : readClientCertificate(options.clientCertificate, now()),
    proxy: options.proxy === undefined ? null : readProxy(options.proxy),
  };
}

function readCertificates(pem: string, what: string): readonly string[] {
  const found = pem.match(CERTIFICATES) ?? [];
  if (found.length === 0) throw invalid(`${what} hold no PEM certificate (BEGIN CERTIFICATE).`);
  for (const [index, text] of found.entries()) readCertificate(text, `${what}, number ${index + 1},`);
  return found;
}

function readCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(`${what} cannot be read as X.509.`, cause);
  }
}

function readClientCertificate({ certificatePem, privateKeyPem }: NonNullable<ConnectionOptions['clientCertificate']>, now: Date): { cert: string; key: string } {
  const [leaf = ''] = readCertificates(certificatePem, 'The client certificate');
  const certificate = readCertificate(leaf, 'The client certificate');
  if (certificate.validToDate <= now) throw invalid(`The client certificate ended on ${certificate.validToDate.toISOString()}; store a new one.`);
  try {
    if (certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) return { cert: certificatePem, key: privateKeyPem };
  } catch (cause) {
    throw invalid('The client certificate\'s private key cannot be read; store it as unencrypted PEM.', cause);
  }
  throw invalid('The client certificate and its private key do not belong together.');
}

function readProxy({ url: text, credential, resolvesNames = false }: ProxyOptions): Proxy {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.protocol !== 'http:' || url.pathname !== '/' || url.search !== '' || url.hash !== '') throw invalid('The proxy must be an http URL with host and port and nothing else, such as http://proxy.example.com:3128.');
  if (url.username !== '' || url.password !== '') throw invalid('The proxy\'s URL must hold no user and password; store a credential of kind basic and name it in the connection.');
  if (credential?.username.includes(':')) throw invalid('The proxy\'s user name must not hold a colon (RFC 7617).');
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port === '' ? 80 : url.port), resolvesNames,
    authorization: credential === undefined ? null : `Basic ${Buffer.from(`${credential.username}:${credential.password}`, 'utf8').toString('base64')}`,
  };
}

function invalid(message: string, cause?: unknown): EgressError {
  return new EgressError('connection_settings_invalid', message, { sent: false, cause });
}
