import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Contract } from '../contract.ts';
import type { ScenarioName } from '../data/scenarios.ts';
import { problem, readJson, write, type Answer } from './answers.ts';
import { listen } from './listen.ts';
import { ROUTES } from './routes.ts';
import { startStandInSandbox } from './sandbox.ts';
import { serveConsole } from './static-files.ts';
import { World } from './world.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const SESSION = 'countersign_session=stand-in';
/** Read and compiled once for all stand-ins of a test file. */
const contract = new Contract();
/** The token of the sign-in link that works, once. */
export const SIGN_IN_TOKEN = 'stand-in-token';

export interface MockApi {
  url: string;
  world: World;
  /** Answers and requests that did not fit the contract. */
  violations: string[];
  stop: () => Promise<void>;
}

/**
 * A stand-in for a cell, over a real socket: it serves the built console and answers the API with made-up data. Every answer and
 * every body it gets is checked against the contract. The console shows a banner while it is connected to this.
 */
export async function startMockApi({ scenario, port = 0, signedIn = false }: { scenario: ScenarioName; port?: number; signedIn?: boolean }): Promise<MockApi> {
  const world = new World(scenario);
  const violations: string[] = [];
  let tokenUsed = false;
  let origin = '';
  const sandbox = await startStandInSandbox(() => origin, world.runs.length, (number) => world.addRun(Number(number.slice(3)) - 10_000, 'queued'));

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      violations.push(String(error));
      write(response, problem('internal', String(error)));
    });
  });
  const listening = await listen(server, port);
  origin = listening.url;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    if (!url.pathname.startsWith('/api/')) return serveConsole(response, DIST, url.pathname, sandbox.url);
    const method = request.method ?? 'GET';
    const body = method === 'GET' ? undefined : await readJson(request);
    if (method !== 'GET' && request.headers['x-countersign-csrf'] !== '1') return write(response, problem('csrf_refused', 'The header x-countersign-csrf is missing.'));
    if (url.pathname === '/api/v1/sign-in') return write(response, signIn(body));
    if (!url.pathname.startsWith('/api/v1/sign-in/') && !signedIn && !(request.headers.cookie ?? '').includes(SESSION)) return write(response, problem('unauthenticated', 'There is no session.'));
    if (url.pathname === '/api/v1/sign-out') return write(response, { status: 204, headers: { 'set-cookie': 'countersign_session=; Path=/; Max-Age=0' } });
    if (url.pathname === '/api/v1/events') return world.openStream(response);
    if (/^\/api\/v1\/runs\/[^/]+\/evidence$|\/archive$/.test(url.pathname)) return sendEvidence(response);
    return write(response, checked(method, url, body));
  }

  function signIn(body: unknown): Answer {
    const { token } = body as { token?: string };
    if (token !== SIGN_IN_TOKEN || tokenUsed) return problem('sign_in_link_invalid', 'The link was used before, is too old, or was never made.');
    tokenUsed = true;
    const me = ROUTES['GET /api/v1/me']?.({ world, params: {}, query: new URLSearchParams(), body: undefined, origin, sandboxUrl: sandbox.url });
    return { status: 200, body: me?.body, headers: { 'set-cookie': `${SESSION}; Path=/; HttpOnly; SameSite=Lax` } };
  }

  function checked(method: string, url: URL, body: unknown): Answer {
    const found = route(method, url.pathname);
    if (found === null) return problem('not_found', `The stand-in does not know ${method} ${url.pathname}.`);
    const dataWanted = !['/api/v1/me', '/api/v1/cell'].includes(found.path) && !found.path.startsWith('/api/v1/sign-in/');
    if (world.scenario.forbidden && dataWanted) return problem('forbidden', 'You have no role in this workspace. Ask one of its admins.');
    if (world.scenario.failing && dataWanted) return problem('internal', 'The stand-in was asked to fail.');
    if (body !== undefined) contract.checkRequest(method, found.path, body);
    const result = found.handler({ world, params: found.params, query: url.searchParams, body, origin, sandboxUrl: sandbox.url });
    if (result.status !== 204) contract.checkAnswer(method, found.path, result.status, result.body);
    return result;
  }

  return {
    url: origin,
    world,
    violations,
    stop: async () => {
      await listening.stop();
      await sandbox.stop();
    },
  };
}

function route(method: string, pathname: string): { path: string; handler: (typeof ROUTES)[string]; params: Record<string, string> } | null {
  // As in the server, a path without parameters goes before one that it would fit.
  const inOrder = Object.entries(ROUTES).toSorted(([one], [other]) => Number(one.includes('{')) - Number(other.includes('{')));
  for (const [key, handler] of inOrder) {
    const [wanted, path = ''] = key.split(' ');
    const match = wanted === method ? new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(pathname) : null;
    if (match !== null) return { path, handler, params: { ...match.groups } };
  }
  return null;
}

/** An empty zip: what is tested is that the console fetches it. The verifier's own tests read real bundles. */
function sendEvidence(response: ServerResponse): void {
  const emptyZip = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
  response.writeHead(200, { 'content-type': 'application/zip', 'content-disposition': 'attachment' }).end(emptyZip);
}
