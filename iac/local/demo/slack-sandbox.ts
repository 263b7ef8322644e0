import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import axios from 'axios';
import type { AxiosInstance } from 'axios';
import { CellError } from '../cell/errors.ts';
import { baseEnvironment, ROOT } from '../config.ts';

export interface SlackWorkspace {
  readonly bot_token: string;
  readonly app_token: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly signing_secret: string;
  readonly users: ReadonlyArray<{ readonly id: string; readonly name: string; readonly team_id: string }>;
  readonly channels: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  readonly connection_count: number;
}

export interface SlackMessage {
  readonly ts: string;
  readonly text: string;
  readonly blocks?: unknown;
}

export interface SlackView {
  readonly title?: { readonly text: string };
  readonly blocks: unknown;
}

/** How the stand-in reaches the app: down the app's own connection, or at its request URL. */
export type Via = 'socket' | { readonly url: string };

/** The stand-in for Slack in a process of its own, and the people in front of it. */
export class SlackSandbox {
  readonly url: string;
  readonly stop: () => Promise<void>;
  readonly #http: AxiosInstance;

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.stop = stop;
    this.#http = axios.create({ baseURL: `${url}/sandbox`, proxy: false, timeout: 15_000, validateStatus: () => true });
  }

  static async start(): Promise<SlackSandbox> {
    const child = fork(path.join(ROOT, 'connectors/slack/sandbox/main.ts'), { cwd: ROOT, env: { ...baseEnvironment(), SLACK_SANDBOX_PORT: '0' }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ready = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)]);
    if (ready === null) throw new CellError('demo_failed', 'The stand-in for Slack did not start.');
    const [{ listening }] = ready as [{ listening: string }];
    return new SlackSandbox(listening, async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    });
  }

  state(): Promise<SlackWorkspace> {
    return this.#ask('state', {});
  }

  messages(channel: string): Promise<SlackMessage[]> {
    return this.#ask('messages', { channel });
  }

  thread(channel: string, ts: string): Promise<SlackMessage[]> {
    return this.#ask('thread', { channel, ts });
  }

  modal(user: string): Promise<SlackView | null> {
    return this.#ask('view', { user, view: 'modal' });
  }

  press(user: string, channel: string, ts: string, action_id: string, via: Via): Promise<unknown> {
    return this.#ask('press', { user, channel, ts, action_id, via });
  }

  submit(user: string, via: Via): Promise<unknown> {
    return this.#ask('submit', { user, values: {}, via });
  }

  command(user: string, text: string, via: Via): Promise<{ readonly text: string }> {
    return this.#ask('command', { user, text, via });
  }

  async #ask<T>(what: string, body: object): Promise<T> {
    const { status, data } = await this.#http.post<{ answer: T; message?: string }>(`/${what}`, body);
    if (status !== 200) throw new CellError('demo_failed', `The stand-in for Slack refused ${what}: ${data.message ?? status}`);
    return data.answer;
  }
}
