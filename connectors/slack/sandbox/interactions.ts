import { createHmac } from 'node:crypto';
import { APP_ID, SIGNING_SECRET } from './emulator.ts';
import { SlackSandboxError } from './errors.ts';

/** Where an interaction is sent: down a Socket Mode connection, or to a request URL. */
export type Via = 'socket' | { readonly url: string };

export interface SlackUser {
  readonly id: string;
  readonly name: string;
  readonly team_id: string;
}

export interface Button {
  readonly action_id: string;
  readonly value?: string;
  readonly url?: string;
}

/** What Slack's client sends when a button is pressed (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload). */
export function blockActions(parts: { readonly teamId: string; readonly user: SlackUser; readonly triggerId: string; readonly blockId: string; readonly button: Button; readonly where: Record<string, unknown> }): Record<string, unknown> {
  const { teamId, user, triggerId, blockId, button, where } = parts;
  return {
    type: 'block_actions', ...common(teamId, user), trigger_id: triggerId, ...where, state: { values: {} }, response_url: '',
    actions: [{ type: 'button', action_id: button.action_id, block_id: blockId, ...(button.value === undefined ? {} : { value: button.value }), action_ts: String(Date.now() / 1000) }],
  };
}

/** What it sends when a modal is submitted (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload). */
export function viewSubmission(parts: { readonly teamId: string; readonly user: SlackUser; readonly triggerId: string; readonly view: Record<string, unknown>; readonly values: unknown }): Record<string, unknown> {
  return {
    type: 'view_submission', ...common(parts.teamId, parts.user), trigger_id: parts.triggerId, response_urls: [],
    view: { ...parts.view, state: { values: parts.values } },
  };
}

function common(teamId: string, user: SlackUser): Record<string, unknown> {
  return {
    team: { id: teamId, domain: 'slack-sandbox' }, enterprise: null, is_enterprise_install: false, api_app_id: APP_ID, token: '',
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
  };
}

/** Finds the button of a message or a view by its action. */
export function findButton(blocks: unknown, actionId: string): { readonly blockId: string; readonly button: Button } {
  for (const block of (Array.isArray(blocks) ? blocks : []) as Array<{ block_id?: string; elements?: Button[]; accessory?: Button }>) {
    const button = [...(block.elements ?? []), ...(block.accessory === undefined ? [] : [block.accessory])].find((one) => one.action_id === actionId);
    if (button !== undefined) return { blockId: block.block_id ?? '', button };
  }
  throw new SlackSandboxError('sandbox_request_invalid', `there is no button ${actionId} there`);
}

/** Sends what Slack signs: the raw body under the app's signing secret. Gives what it was acknowledged with. */
export async function sendSigned(url: string, body: string, contentType: string): Promise<unknown> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = `v0=${createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const response = await fetch(url, {
    method: 'POST', body, signal: AbortSignal.timeout(3_000),
    headers: { 'content-type': contentType, 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp },
  });
  const text = await response.text();
  if (response.status !== 200) throw new SlackSandboxError('not_acknowledged', `the request URL answered ${response.status}: ${text.slice(0, 300)}`);
  return text === '' ? undefined : response.headers.get('content-type')?.includes('json') ? JSON.parse(text) as unknown : text;
}
