import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The sandbox of the Slack connector is a process of its own: the planes meet other systems over sockets only. */
const SANDBOX = fileURLToPath(new URL('../../../connectors/slack/sandbox/main.ts', import.meta.url));

export interface SandboxState {
  readonly bot_token: string;
  readonly app_token: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly signing_secret: string;
  readonly users: ReadonlyArray<{ readonly id: string; readonly name: string; readonly team_id: string }>;
  readonly channels: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  readonly connection_count: number;
}

export interface SandboxMessage {
  readonly ts: string;
  readonly text: string;
  readonly blocks: unknown;
}

export interface SandboxView {
  readonly id: string;
  readonly type: string;
  readonly title?: { readonly text: string };
  readonly submit?: { readonly text: string } | null;
  readonly blocks: unknown;
}

export type Via = 'socket' | { readonly url: string };

/** The stand-in for Slack, and its people. */
export class SlackStandIn {
  readonly url: string;
  readonly state: SandboxState;
  readonly #process: ChildProcess;

  private constructor(url: string, state: SandboxState, process: ChildProcess) {
    this.url = url;
    this.state = state;
    this.#process = process;
  }

  static async start(): Promise<SlackStandIn> {
    const child = fork(SANDBOX, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const [{ listening }] = await once(child, 'message') as [{ listening: string }];
    const state = await ask<SandboxState>(listening, 'state', {});
    return new SlackStandIn(listening, state, child);
  }

  async stop(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await gone;
  }

  user(name: string): string {
    return this.state.users.find((one) => one.name === name)?.id ?? '';
  }

  channel(name: string): string {
    return this.state.channels.find((one) => one.name === name)?.id ?? '';
  }

  get teamId(): string {
    return this.state.users[0]?.team_id ?? '';
  }

  /** `PUT /api/v1/slack/app` takes this. */
  settings(mode: 'http' | 'socket'): Record<string, unknown> {
    const { client_id, client_secret, signing_secret, app_token } = this.state;
    return { mode, client_id, client_secret, signing_secret, app_token: mode === 'socket' ? app_token : null, api_url: `${this.url}/api/` };
  }

  async connections(): Promise<number> {
    return (await ask<SandboxState>(this.url, 'state', {})).connection_count;
  }

  messages(channel: string): Promise<SandboxMessage[]> {
    return ask(this.url, 'messages', { channel });
  }

  thread(channel: string, ts: string): Promise<SandboxMessage[]> {
    return ask(this.url, 'thread', { channel, ts });
  }

  view(user: string, view: 'modal' | 'home' = 'modal'): Promise<SandboxView | null> {
    return ask(this.url, 'view', { user, view });
  }

  /** Presses a button of a message or of what the user has open. Gives what the app acknowledged with. */
  press(user: string, action_id: string, at: { readonly channel: string; readonly ts: string } | { readonly view: 'modal' | 'home' }, via: Via, changes: Record<string, unknown> = {}): Promise<unknown> {
    return ask(this.url, 'press', { user, action_id, ...at, via, changes });
  }

  submit(user: string, values: unknown, via: Via): Promise<unknown> {
    return ask(this.url, 'submit', { user, values, via });
  }

  command(user: string, text: string, via: Via): Promise<{ readonly text: string }> {
    return ask(this.url, 'command', { user, text, via });
  }

  event(event: Record<string, unknown>, via: Via): Promise<unknown> {
    return ask(this.url, 'event', { event, via });
  }

  authorize(user: string, redirect_url: string, state: string): Promise<string> {
    return ask(this.url, 'authorize', { user, redirect_url, state });
  }

  override(user: string, fields: Record<string, unknown>): Promise<unknown> {
    return ask(this.url, 'override', { user, fields });
  }

  fault(method: string, kind: 'rate_limited' | 'answer_lost' | 'server_error', times: number, retry_after_s = 1): Promise<unknown> {
    return ask(this.url, 'fault', { method, kind, times, retry_after_s });
  }

  disconnect(): Promise<unknown> {
    return ask(this.url, 'disconnect', {});
  }
}

async function ask<T>(url: string, what: string, body: unknown): Promise<T> {
  const response = await fetch(`${url}/sandbox/${what}`, { method: 'POST', body: JSON.stringify(body) });
  const { answer, message } = await response.json() as { answer: T; message?: string };
  if (response.status !== 200) throw new TypeError(`sandbox/${what} answered ${response.status}: ${message ?? ''}`);
  return answer;
}
