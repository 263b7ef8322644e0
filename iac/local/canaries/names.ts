import { randomBytes } from 'node:crypto';
import { CanaryError } from './errors.ts';
import type { Canary } from './variants.ts';

/** Secrets, each named after the way in that it is pushed through (`sow.ts`) or after what gives it to us (`peer.ts`). */
const NAMES = [
  'api key that is none', 'secret of a known api key', 'basic password for the api', 'session cookie', 'csrf token', 'sign-in link', 'query string',
  'misspelt member of a credential', 'body that is no json', 'unknown member of a request', 'password in a base url', 'oauth client of ours', 'token of a CI job', 'scim token',
  'slack client secret', 'slack signing secret', 'slack app token', 'slack bot token', 'secret at an identity provider', 'secret of a sink',
  'webhook secret', 'shared secret', 'shared secret that is none', 'authorization of a webhook', 'cookie of a webhook', 'signature of a webhook',
  'basic password', 'bearer token', 'api key header', 'oauth client secret', 'oauth client secret that the peer refuses', 'access token of a peer',
  'refresh token', 'rotated refresh token of a peer', 'refreshed access token of a peer', 'private key', 'key of a client certificate', 'proxy password',
  'secret in the environment', 'secret in a file', 'token in a worker that crashes',
] as const;
/** Those that may hold anything have what has to be escaped somewhere; the others go where only some characters may be. */
const PLAIN = new Set<string>(['session cookie', 'cookie of a webhook', 'secret of a known api key', 'sign-in link', 'csrf token', 'api key header']);

export class Canaries {
  readonly #sown = new Set<string>();
  readonly all: readonly Canary[] = NAMES.map((name) => ({ name, value: `cnry${randomBytes(16).toString('hex')}${PLAIN.has(name) || HEADER.test(name) ? '+/~' : `"<&>'/+ %é`}` }));

  /** Those that nobody has asked for: they were pushed through nothing. */
  get unsown(): string[] {
    return this.all.map(({ name }) => name).filter((name) => !this.#sown.has(name));
  }

  value(name: string): string {
    const found = this.all.find((canary) => canary.name === name);
    if (found === undefined) throw new CanaryError('canary_unknown', `There is no canary "${name}".`);
    this.#sown.add(name);
    return found.value;
  }
}

/** Sent in headers as they are. */
const HEADER = /key that is none|bearer token|access token|scim token|authorization|shared secret|signature|crashes|in the environment|in a file|slack/;
