import { systemClock } from '@countersign/platform/clock/clock.ts';
import type { ApiReply, ControlPlaneUnderTest, TestPrincipal } from '../../testing/control-plane-under-test.ts';
import { insertLink } from '../queries.ts';
import { startSession } from '../sessions/session-start.ts';
import { linkToken, newSecret } from '../tokens.ts';

const USER_AGENT = 'a browser of the tests';

/** What a browser does with the API: it brings its cookies, and the header that no other site can send. */
export class TestBrowser {
  readonly #plane: ControlPlaneUnderTest;
  readonly #cookies = new Map<string, string>();

  constructor(plane: ControlPlaneUnderTest, cookie = '') {
    this.#plane = plane;
    for (const pair of cookie.split('; ').filter((one) => one !== '')) this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  }

  /** The `Cookie` header that it sends. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Calls the API; the answer is checked against the contract. */
  async api(method: string, path: string, json?: unknown): Promise<ApiReply> {
    const reply = await this.#plane.api(method, path, { key: null, headers: this.#headers(), ...(json === undefined ? {} : { json }) });
    this.#keep(reply.headers);
    return reply;
  }

  /** As it is over the wire: redirects are not followed, streams are not read. */
  async raw(method: string, path: string): Promise<Response> {
    const response = await fetch(`${this.#plane.url}${path}`, { method, headers: this.#headers(), redirect: 'manual' });
    this.#keep(response.headers);
    return response;
  }

  #headers(): Record<string, string> {
    return { cookie: this.cookie, 'x-countersign-csrf': '1', 'sec-fetch-site': 'same-origin', 'user-agent': USER_AGENT };
  }

  #keep(headers: Headers): void {
    for (const set of headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

/** A browser in which `person` has just signed in by a link, without the way there: how often that may be done is limited. */
export async function signedInBrowser(plane: ControlPlaneUnderTest, person: TestPrincipal): Promise<TestBrowser> {
  const facts = { method: 'link', idp: null, acr: null, amr: [] } as const;
  const signedIn = { tenantId: person.tenantId, principalId: person.id, strength: 'link', facts, at: 'now' } as const;
  const parts = { clock: systemClock, tenantStates: { refuseUnlessServed: () => Promise.resolve() } };
  const { token } = await plane.database.control.forTenant(person.tenantId, (tx) => startSession(tx, parts, signedIn, { sessionCookie: undefined, userAgent: USER_AGENT, address: '127.0.0.1' }));
  return new TestBrowser(plane, `countersign_session=${token}`);
}

/** Signs `person` in by a link in the browser that there is. */
export async function signInByLink(plane: ControlPlaneUnderTest, person: TestPrincipal, browser: TestBrowser): Promise<void> {
  const { secret, sha256 } = newSecret();
  await plane.database.control.forTenant(person.tenantId, (tx) => tx.change(insertLink, [person.tenantId, sha256, person.id, 15]));
  const reply = await browser.api('POST', '/api/v1/sign-in', { token: linkToken(person.tenantId, secret) });
  if (reply.status !== 200) throw new TypeError(`The sign-in of the test was refused: ${JSON.stringify(reply.body)}`);
}
