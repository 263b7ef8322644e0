import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createEmulator } from 'emulate';
import type { Emulator } from 'emulate';
import { signedJwt } from '../../gateway/signed-jwt.ts';

/** A GitHub that somebody else wrote (vercel-labs/emulate), on a port of this machine, with an App installed for one organisation. */
export interface EmulatedGithub {
  readonly url: string;
  readonly privateKeyPem: string;
  /** As a person of the organisation: any call of the REST API. */
  asPerson(method: string, path: string, body?: object): Promise<unknown>;
  /** As the installed App, with a token of its own. */
  asApp(method: string, path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export const APP = { id: 12_345, slug: 'countersign', installation: 100, bot: 'countersign[bot]' } as const;
export const REPOSITORY = 'acme/app';
const PERSON_TOKEN = 'a-person-of-acme';

export async function startEmulatedGithub(): Promise<EmulatedGithub> {
  const emulator: Emulator = await createEmulator({
    service: 'github', port: await freePort(),
    seed: {
      tokens: { [PERSON_TOKEN]: { login: 'alice', scopes: ['repo', 'admin:repo_hook'] } },
      github: {
        users: [{ login: 'alice', name: 'Alice', email: 'alice@acme.test' }],
        orgs: [{ login: 'acme', name: 'Acme', members: [{ login: 'alice', role: 'admin' }] }],
        repos: [{ owner: 'acme', name: 'app', auto_init: true }, { owner: 'acme', name: 'other', auto_init: true }],
        apps: [{
          app_id: APP.id, slug: APP.slug, name: 'Countersign', events: [], permissions: { issues: 'write', pull_requests: 'write', checks: 'write', contents: 'write', metadata: 'read' },
          installations: [{ installation_id: APP.installation, account: 'acme', repository_selection: 'all' }],
        }],
      },
    },
  });
  const key = emulator.generatedSecrets.find(({ kind, id }) => kind === 'github.app_private_key' && id === String(APP.id));
  if (key === undefined) throw new TypeError('the emulator made no key for the App');
  const ask = async (token: string, method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${emulator.url}${path}`, {
      method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new TypeError(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    url: emulator.url, privateKeyPem: key.value,
    asPerson: (method, path, body) => ask(PERSON_TOKEN, method, path, body),
    async asApp(method, path, body) {
      const jwt = signedJwt({ kind: 'signed_jwt', issuer: String(APP.id), privateKeyPem: key.value, tokenPath: '' }, new Date());
      const { token } = await ask(jwt, 'POST', `/app/installations/${APP.installation}/access_tokens`) as { token: string };
      return ask(token, method, path, body);
    },
    close: () => emulator.close(),
  };
}

/** The emulator does not take port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
