import type { IncomingMessage, ServerResponse } from 'node:http';
import { APP_TOKEN, CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET } from './emulator.ts';
import type { SlackEmulator } from './emulator.ts';
import { SlackSandboxError } from './errors.ts';
import type { Fault, Faults } from './faults.ts';
import type { Via } from './interactions.ts';
import type { SocketModeServer } from './socket-mode.ts';
import type { Workspace } from './workspace.ts';

export interface ControlApiParts {
  readonly emulator: SlackEmulator;
  readonly sockets: SocketModeServer;
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly botToken: string;
}

interface Asked {
  readonly user?: string;
  readonly channel?: string;
  readonly ts?: string;
  readonly view?: 'modal' | 'home';
  readonly action_id?: string;
  readonly values?: unknown;
  readonly text?: string;
  readonly event?: Record<string, unknown>;
  readonly fields?: Record<string, unknown>;
  readonly changes?: Record<string, unknown>;
  readonly redirect_url?: string;
  readonly state?: string;
  readonly via?: Via;
}

/** `/sandbox/<what>`: how tests and the demo play the people in front of Slack. Not part of Slack. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, body: Buffer, parts: ControlApiParts): Promise<void> {
  const what = (request.url ?? '').slice('/sandbox/'.length);
  try {
    const asked = (body.length === 0 ? {} : JSON.parse(body.toString('utf8'))) as Asked;
    const began = Date.now();
    const answer = await carryOut(what, asked, parts);
    send(response, 200, { answer: answer ?? null, took_ms: Date.now() - began });
  } catch (error) {
    if (!(error instanceof SlackSandboxError)) throw error;
    send(response, 409, { code: error.code, message: error.message });
  }
}

async function carryOut(what: string, asked: Asked, { emulator, sockets, workspace, faults, botToken }: ControlApiParts): Promise<unknown> {
  const via = asked.via ?? 'socket';
  const user = asked.user ?? '';
  switch (what) {
    case 'state': return {
      bot_token: botToken, app_token: APP_TOKEN, client_id: CLIENT_ID, client_secret: CLIENT_SECRET, signing_secret: SIGNING_SECRET,
      users: await workspace.users(), channels: await workspace.channels(), connection_count: sockets.connection_count,
    };
    case 'messages': return workspace.messages(asked.channel ?? '');
    case 'thread': return workspace.thread(asked.channel ?? '', asked.ts ?? '');
    case 'view': return workspace.view(user, asked.view ?? 'modal');
    case 'press': {
      const at = asked.view === undefined ? { channel: asked.channel ?? '', ts: asked.ts ?? '' } : { view: asked.view };
      return workspace.press(user, asked.action_id ?? '', at, via, asked.changes);
    }
    case 'submit': return workspace.submit(user, asked.values ?? {}, via, asked.changes);
    case 'command': return workspace.command(user, asked.text ?? '', via);
    case 'event': return workspace.event(asked.event ?? {}, via);
    case 'authorize': return emulator.authorize(user, asked.redirect_url ?? '', asked.state ?? '');
    case 'override': return workspace.override(user, asked.fields ?? {});
    case 'fault': return faults.set(asked as unknown as Fault);
    case 'disconnect': return sockets.disconnectAll();
    default: throw new SlackSandboxError('sandbox_request_invalid', `there is no /sandbox/${what}`);
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
