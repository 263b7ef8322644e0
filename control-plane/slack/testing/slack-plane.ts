import { expect } from 'vitest';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { TestPrincipal, TestTenant } from '../../testing/control-plane-under-test.ts';
import type { SeededApproval } from '../../testing/seeded-run.ts';
import { SlackStandIn } from './slack-stand-in.ts';
import type { SandboxMessage, Via } from './slack-stand-in.ts';

/** A control plane with a Slack app that is installed in the stand-in, and the approvals of `prod` shown in a channel. */
export class SlackPlane {
  readonly plane: ControlPlaneUnderTest;
  readonly slack: SlackStandIn;
  readonly mode: 'http' | 'socket';

  private constructor(plane: ControlPlaneUnderTest, slack: SlackStandIn, mode: 'http' | 'socket') {
    this.plane = plane;
    this.slack = slack;
    this.mode = mode;
  }

  static async start(mode: 'http' | 'socket'): Promise<SlackPlane> {
    const [plane, slack] = await Promise.all([ControlPlaneUnderTest.start({ COUNTERSIGN_SLACK_STAND_INS: 'loopback' }), SlackStandIn.start()]);
    const it = new SlackPlane(plane, slack, mode);
    await it.configure(plane.adminKey);
    return it;
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await this.slack.stop();
  }

  get via(): Via {
    return this.mode === 'socket' ? 'socket' : { url: this.requestUrl(this.plane.tenant) };
  }

  requestUrl(tenant: TestTenant): string {
    return `${this.plane.url}/api/v1/slack/requests/${tenant.tenantId}`;
  }

  get channel(): string {
    return this.slack.channel('approvals');
  }

  /** Sets everything up through the API, as an admin does. */
  async configure(key: string, mode = this.mode): Promise<void> {
    expect((await this.plane.api('PUT', '/api/v1/slack/app', { key, json: this.slack.settings(mode) })).status).toBe(200);
    expect((await this.plane.api('PUT', '/api/v1/slack/installations', { key, json: { bot_token: this.slack.state.bot_token } })).status).toBe(200);
    expect((await this.plane.api('PUT', '/api/v1/slack/channels', { key, json: { environment: 'prod', installation: this.slack.teamId, channel_id: this.channel } })).status).toBe(200);
    if (mode === 'socket') await eventually('a Socket Mode connection', async () => await this.slack.connections() > 0);
  }

  /** Links a Slack user by the command and the confirmation that a person gives. */
  async link(slackUser: string, principal: TestPrincipal): Promise<void> {
    const { text } = await this.slack.command(slackUser, 'link', this.via);
    const [, nonce] = /#nonce=([A-Za-z0-9_-]{43})/.exec(text) ?? [];
    const reply = await this.plane.api('POST', '/api/v1/slack/links', { key: principal.key, json: { nonce } });
    expect([reply.status, reply.body['slack_user']]).toEqual([201, slackUser]);
  }

  /** The card of an approval, once it is there. */
  async card(approval: SeededApproval, channel = this.channel): Promise<SandboxMessage> {
    return eventually(`the card of ${approval.id}`, async () => (await this.slack.messages(channel)).find((message) => JSON.stringify(message.blocks ?? []).includes(approval.id)));
  }

  async press(user: string, action: string, card: SandboxMessage, changes: Record<string, unknown> = {}): Promise<void> {
    await this.slack.press(user, action, { channel: this.channel, ts: card.ts }, this.via, changes);
  }

  /** Title and all text of what the user's modal says, once `title` is on it. */
  async modal(user: string, title: string): Promise<string> {
    let text = '';
    await expect.poll(async () => {
      const view = await this.slack.view(user);
      text = JSON.stringify(view?.blocks);
      return view?.title?.text;
    }, { timeout: 10_000 }).toBe(title);
    return text;
  }

  /** Waits until the card's message says `text`. */
  async cardSays(card: SandboxMessage, text: string, channel = this.channel): Promise<string> {
    let said = '';
    await expect.poll(async () => {
      const message = (await this.slack.messages(channel)).find(({ ts }) => ts === card.ts);
      said = JSON.stringify(message?.blocks);
      return message?.text;
    }, { timeout: 15_000 }).toContain(text);
    return said;
  }

  async state(approval: SeededApproval): Promise<Record<string, unknown>> {
    return (await this.plane.api('GET', `/api/v1/approvals/${approval.id}`)).body;
  }
}

/** What `ask` gives once it gives something: other processes are asked, who signal nothing. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new TypeError(`waited too long for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }
}
