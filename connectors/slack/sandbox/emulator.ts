import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmulator } from 'emulate';
import type { Emulator } from 'emulate';
import { SlackSandboxError } from './errors.ts';

export const APP_ID = 'A0COUNTERSIGN';
export const CLIENT_ID = '1234567890.9876543210';
/** Known to everybody who reads this file: of use against this stand-in only. */
export const CLIENT_SECRET = 'sandbox-client-secret-of-nobody';
export const SIGNING_SECRET = 'sandbox-signing-secret-of-nobody';
export const APP_TOKEN = 'xapp-1-sandbox-of-nobody';
/** Of both apps that this stands in for: the one for approvals needs no channels:read, the connector's bot no commands and users:read. */
const SCOPES = ['chat:write', 'commands', 'users:read', 'channels:read', 'channels:history', 'groups:history'];
/** For looking at the workspace as its people do; the app never has it. */
export const EYES_TOKEN = 'xoxp-sandbox-eyes';

export interface SlackAnswer {
  readonly ok: boolean;
  readonly error?: string;
  readonly [key: string]: unknown;
}

/** A workspace served by `emulate` (vercel-labs): channels, messages, views, users and OAuth are its own. */
export class SlackEmulator {
  readonly #emulator: Emulator;

  private constructor(emulator: Emulator) {
    this.#emulator = emulator;
  }

  static async start(redirectUrl: string): Promise<SlackEmulator> {
    const emulator = await createEmulator({
      service: 'slack', port: await freePort(),
      seed: {
        tokens: { [EYES_TOKEN]: { login: 'alex', scopes: ['users:read', 'channels:read', 'channels:history', 'groups:history'] } },
        slack: {
          team: { name: 'Slack sandbox', domain: 'slack-sandbox' }, strict_scopes: true,
          users: [{ name: 'alex', real_name: 'Alex Approver' }, { name: 'kim', real_name: 'Kim Colleague' }, { name: 'gus', real_name: 'Gus Guest' }],
          channels: [{ name: 'approvals' }, { name: 'approvals-too' }],
          oauth_apps: [{ app_id: APP_ID, client_id: CLIENT_ID, client_secret: CLIENT_SECRET, name: 'Countersign', bot_name: 'countersign', redirect_uris: [redirectUrl], scopes: SCOPES }],
        },
      },
    });
    return new SlackEmulator(emulator);
  }

  get url(): string {
    return this.#emulator.url;
  }

  stop(): Promise<void> {
    return this.#emulator.close();
  }

  /** One Web API method. @throws SlackSandboxError where the emulator says no */
  async call(method: string, parameters: Readonly<Record<string, string>>, token: string): Promise<SlackAnswer> {
    const response = await fetch(`${this.url}/api/${method}`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: new URLSearchParams(parameters) });
    const answer = await response.json() as SlackAnswer;
    if (!answer.ok) throw new SlackSandboxError('emulator_refused', `${method}: ${answer.error ?? response.status}`);
    return answer;
  }

  /** A bot token, by the OAuth flow: a person allows the app, and the code is exchanged. */
  async install(userId: string, redirectUrl: string): Promise<string> {
    const code = await this.authorize(userId, redirectUrl, 'sandbox');
    const answer = await this.call('oauth.v2.access', { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, code, redirect_uri: redirectUrl }, '');
    return String(answer['access_token']);
  }

  /** A person presses Allow on the page of `/oauth/v2/authorize`. Gives the code. */
  async authorize(userId: string, redirectUrl: string, state: string): Promise<string> {
    const response = await fetch(`${this.url}/oauth/v2/authorize/callback`, {
      method: 'POST', redirect: 'manual',
      body: new URLSearchParams({ user_id: userId, redirect_uri: redirectUrl, scope: SCOPES.join(','), state, client_id: CLIENT_ID }),
    });
    const location = response.headers.get('location');
    const code = location === null ? null : new URL(location).searchParams.get('code');
    if (code === null) throw new SlackSandboxError('emulator_refused', `authorizing answered ${response.status}`);
    return code;
  }
}

/** `emulate` takes a port by number only. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => resolve()); });
  return port;
}
