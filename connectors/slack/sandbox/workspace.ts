import { EYES_TOKEN } from './emulator.ts';
import type { SlackEmulator } from './emulator.ts';
import { SlackSandboxError } from './errors.ts';
import { blockActions, findButton, sendSigned, viewSubmission } from './interactions.ts';
import type { SlackUser, Via } from './interactions.ts';
import type { SocketModeServer } from './socket-mode.ts';

type View = Record<string, unknown> & { readonly id: string };

export interface Message {
  readonly ts: string;
  readonly text: string;
  readonly blocks?: unknown;
  readonly metadata?: unknown;
  readonly thread_ts?: string;
}

/** The people of the workspace and what they see and do: Slack's client, which `emulate` does not play. */
export class Workspace {
  readonly #emulator: SlackEmulator;
  readonly #sockets: SocketModeServer;
  readonly #botToken: string;
  readonly #views = new Map<string, View>();
  readonly #overrides = new Map<string, Record<string, unknown>>();
  #users: SlackUser[] = [];

  constructor(emulator: SlackEmulator, sockets: SocketModeServer, botToken: string) {
    this.#emulator = emulator;
    this.#sockets = sockets;
    this.#botToken = botToken;
  }

  async users(): Promise<readonly SlackUser[]> {
    if (this.#users.length === 0) this.#users = (await this.#emulator.call('users.list', {}, EYES_TOKEN))['members'] as SlackUser[];
    return this.#users;
  }

  async channels(): Promise<ReadonlyArray<{ readonly id: string; readonly name: string }>> {
    return (await this.#emulator.call('conversations.list', {}, EYES_TOKEN))['channels'] as Array<{ id: string; name: string }>;
  }

  async messages(channel: string): Promise<Message[]> {
    const { messages } = await this.#emulator.call('conversations.history', { channel, limit: '1000' }, EYES_TOKEN) as unknown as { messages: Message[] };
    return messages;
  }

  async thread(channel: string, ts: string): Promise<Message[]> {
    const { messages } = await this.#emulator.call('conversations.replies', { channel, ts }, EYES_TOKEN) as unknown as { messages: Message[] };
    return messages.filter((message) => message.ts !== ts);
  }

  /** From now on Slack says this about a user: a guest, of another team, gone. */
  override(userId: string, fields: Record<string, unknown>): void {
    this.#overrides.set(userId, fields);
  }

  overridesOf(userId: string): Record<string, unknown> {
    return this.#overrides.get(userId) ?? {};
  }

  /** What a user's screen shows last: the modal on top, or their App Home. Noted from answers of views.* as they pass by. */
  view(userId: string, type: 'modal' | 'home'): View | null {
    return this.#views.get(`${type}/${userId}`) ?? null;
  }

  noteView(view: View, userId: string): void {
    this.#views.set(`${String(view['type'])}/${userId}`, view);
  }

  userOfView(viewId: string): string | null {
    for (const [key, view] of this.#views) if (view.id === viewId) return key.slice(key.indexOf('/') + 1);
    return null;
  }

  /** Who a trigger was made for: views.open and views.push do not say. */
  readonly triggers = new Map<string, string>();

  async press(user: string, actionId: string, at: { readonly channel: string; readonly ts: string } | { readonly view: 'modal' | 'home' }, via: Via, changes: Record<string, unknown> = {}): Promise<unknown> {
    // Nobody presses a button of a message while a modal covers it.
    if ('channel' in at) this.#views.delete(`modal/${user}`);
    const { blocks, where, viewId } = 'channel' in at ? await this.#messageAt(at.channel, at.ts) : this.#viewOf(user, at.view);
    const payload = blockActions({ ...await this.#who(user), triggerId: await this.#trigger(user, viewId), ...findButton(blocks, actionId), where });
    return this.send('interactive', { ...payload, ...changes }, via);
  }

  async submit(user: string, values: unknown, via: Via, changes: Record<string, unknown> = {}): Promise<unknown> {
    const view = this.view(user, 'modal');
    if (view === null) throw new SlackSandboxError('sandbox_request_invalid', 'this user has no modal open');
    const payload = viewSubmission({ ...await this.#who(user), triggerId: await this.#trigger(user, view.id), view, values });
    return this.send('interactive', { ...payload, ...changes }, via);
  }

  async command(user: string, text: string, via: Via): Promise<unknown> {
    const { teamId, user: who } = await this.#who(user);
    return this.send('slash_commands', {
      command: '/countersign', text, team_id: teamId, team_domain: 'slack-sandbox', user_id: who.id, user_name: who.name, channel_id: '', channel_name: '',
      is_enterprise_install: 'false', trigger_id: await this.#trigger(user, null), response_url: '', api_app_id: '',
    }, via);
  }

  async event(event: Record<string, unknown>, via: Via): Promise<unknown> {
    const { teamId } = await this.#who(null);
    return this.send('events_api', {
      type: 'event_callback', token: '', team_id: teamId, api_app_id: '', event, event_id: `Ev${Date.now()}`, event_time: Math.floor(Date.now() / 1000),
      authorizations: [{ team_id: teamId, enterprise_id: null, user_id: '', is_bot: true, is_enterprise_install: false }],
    }, via);
  }

  send(type: 'interactive' | 'slash_commands' | 'events_api', payload: Record<string, unknown>, via: Via): Promise<unknown> {
    if (via === 'socket') return this.#sockets.deliver(type, payload);
    if (type === 'events_api') return sendSigned(via.url, JSON.stringify(payload), 'application/json');
    const form = type === 'interactive' ? { payload: JSON.stringify(payload) } : payload as Record<string, string>;
    return sendSigned(via.url, new URLSearchParams(form).toString(), 'application/x-www-form-urlencoded');
  }

  async #who(userId: string | null): Promise<{ teamId: string; user: SlackUser }> {
    const users = await this.users();
    const user = users.find((one) => one.id === userId || one.name === userId) ?? users[0];
    if (user === undefined) throw new SlackSandboxError('sandbox_request_invalid', 'the workspace has no users');
    return { teamId: user.team_id, user };
  }

  async #trigger(userId: string, viewId: string | null): Promise<string> {
    const answer = await this.#emulator.call('views.generateTriggerId', { user_id: userId, ...(viewId === null ? {} : { view_id: viewId }) }, this.#botToken);
    const trigger = String(answer['trigger_id']);
    this.triggers.set(trigger, userId);
    return trigger;
  }

  async #messageAt(channel: string, ts: string): Promise<{ blocks: unknown; where: Record<string, unknown>; viewId: string | null }> {
    const message = (await this.messages(channel)).find((one) => one.ts === ts);
    if (message === undefined) throw new SlackSandboxError('sandbox_request_invalid', `there is no message ${ts} in ${channel}`);
    return { blocks: message.blocks, viewId: null, where: { channel: { id: channel, name: channel }, message, container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false } } };
  }

  #viewOf(userId: string, type: 'modal' | 'home'): { blocks: unknown; where: Record<string, unknown>; viewId: string | null } {
    const view = this.view(userId, type);
    if (view === null) throw new SlackSandboxError('sandbox_request_invalid', `this user has no ${type} open`);
    return { blocks: view['blocks'], viewId: type === 'modal' ? view.id : null, where: { view, container: { type: 'view', view_id: view.id } } };
  }
}
