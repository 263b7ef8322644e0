import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { JWTPayload } from 'jose';

/** An issuer of CI tokens for tests: discovery and keys over a real socket, and tokens as wrong as a test wants them. */
export interface CiIssuer {
  readonly issuer: string;
  /** A token of a job of `acme/app` on `main`, changed by `claims`; undefined removes one. */
  token(claims?: JWTPayload, options?: { readonly kid?: string }): Promise<string>;
  /** From now on another key signs; the old one is no longer among the published. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

export const CI_AUDIENCE = 'https://countersign.example.test';

export async function startCiIssuer(): Promise<CiIssuer> {
  let [kid, pair] = ['key-1', await generateKeyPair('RS256')];
  const server = createServer((request, response) => {
    void (async () => {
      const body = request.url === '/keys' ? { keys: [{ ...await exportJWK(pair.publicKey), kid, alg: 'RS256', use: 'sig' }] } : { issuer, jwks_uri: `${issuer}/keys` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let jobs = 0;
  return {
    issuer,
    async token(claims = {}, options = {}) {
      jobs += 1;
      const now_s = Math.floor(Date.now() / 1_000);
      const payload = { iss: issuer, aud: CI_AUDIENCE, sub: 'repo:acme/app:ref:refs/heads/main', repository: 'acme/app', ref: 'refs/heads/main', jti: `job-${jobs}`, iat: now_s, exp: now_s + 300, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: options.kid ?? kid }).sign(pair.privateKey);
    },
    async rotate() {
      [kid, pair] = [`${kid}+`, await generateKeyPair('RS256')];
    },
    stop: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };
}
