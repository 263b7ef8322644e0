import axios from 'axios';
import type { AxiosInstance } from 'axios';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { CellError } from '../cell/errors.ts';
import type { SlackSandbox, SlackWorkspace, Via } from './slack-sandbox.ts';

type Schemas = components['schemas'];

/** A cell whose approvals go to the stand-in, and how to end that. */
export interface SlackSetup {
  readonly workspace: SlackWorkspace;
  /** The channel of the cards. */
  readonly channel: string;
  /** Linked to the person that the demo's API key acts as. */
  readonly user: string;
  readonly via: Via;
  undo(): Promise<void>;
}

/**
 * Points the cell's Slack app at the stand-in, through the API, as an admin would: app, installation, channel, link. What an earlier run left
 * is replaced; an app that is a real one is not touched.
 * @throws CellError `demo_failed`
 */
export async function setUpSlack(sandbox: SlackSandbox, cell: { readonly url: string; readonly apiKey: string }, mode: 'socket' | 'http'): Promise<SlackSetup> {
  const api = new SlackSetupApi(cell.url, cell.apiKey);
  await api.refuseRealApp();
  const workspace = await sandbox.state();
  const user = workspace.users.find(({ name }) => name === 'alex');
  const channel = workspace.channels.find(({ name }) => name === 'approvals');
  if (user === undefined || channel === undefined) throw new CellError('demo_failed', 'The stand-in for Slack has no user alex or no channel approvals.');

  const { client_id, client_secret, signing_secret, app_token, bot_token } = workspace;
  const app = await api.send<Schemas['SlackApp']>('PUT', 'app', { mode, client_id, client_secret, signing_secret, app_token: mode === 'socket' ? app_token : null, api_url: `${sandbox.url}/api/` });
  await api.send('PUT', 'installations', { bot_token });
  await api.removeChannels(user.team_id);
  await api.send('PUT', 'channels', { environment: 'prod', installation: user.team_id, channel_id: channel.id });
  if (mode === 'socket') await connected(sandbox);
  const via: Via = mode === 'socket' ? 'socket' : { url: app.request_url };
  await link(sandbox, api, user.id, via);
  return {
    workspace, channel: channel.id, user: user.id, via,
    undo: async () => {
      await api.send('DELETE', `links/${user.team_id}/${user.id}`);
      await api.removeChannels(user.team_id);
      await api.send('DELETE', `installations/${user.team_id}`);
      await api.send('DELETE', 'app');
    },
  };
}

/** As a person does: ask in Slack, open the link, confirm. */
async function link(sandbox: SlackSandbox, api: SlackSetupApi, user: string, via: Via): Promise<void> {
  const { text } = await sandbox.command(user, 'link', via);
  const [, nonce] = /#nonce=([A-Za-z0-9_-]{43})/.exec(text) ?? [];
  if (nonce === undefined) throw new CellError('demo_failed', `/countersign link answered without a link: ${text}`);
  await api.send('POST', 'links', { nonce });
}

async function connected(sandbox: SlackSandbox): Promise<void> {
  const deadline = Date.now() + 15_000;
  while ((await sandbox.state()).connection_count === 0) {
    if (Date.now() > deadline) throw new CellError('demo_failed', 'The cell did not connect to the stand-in by Socket Mode.');
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

class SlackSetupApi {
  readonly #http: AxiosInstance;

  constructor(url: string, apiKey: string) {
    this.#http = axios.create({ baseURL: `${url}/api/v1/slack/`, proxy: false, timeout: 30_000, validateStatus: () => true, headers: { authorization: `Bearer ${apiKey}` } });
  }

  async refuseRealApp(): Promise<void> {
    const { status, data } = await this.#http.get<Schemas['SlackApp']>('app');
    if (status === 200 && new URL(data.api_url).protocol === 'https:') {
      throw new CellError('demo_failed', 'This cell has a real Slack app, which the demo would replace. Use a cell without one: --data-dir DIR.');
    }
  }

  async removeChannels(installation: string): Promise<void> {
    const { items } = await this.send<{ items: Array<Schemas['SlackChannel']> }>('GET', 'channels');
    for (const channel of items.filter((one) => one.installation === installation)) await this.send('DELETE', `channels/${channel.environment}/${installation}/${channel.channel_id}`);
  }

  async send<T>(method: string, path: string, data?: object): Promise<T> {
    const response = await this.#http.request<T>({ method, url: path, ...(data === undefined ? {} : { data }) });
    if (response.status >= 200 && response.status < 300) return response.data;
    throw new CellError('demo_failed', `${method} /api/v1/slack/${path} answered ${response.status}: ${JSON.stringify(response.data)}`);
  }
}
