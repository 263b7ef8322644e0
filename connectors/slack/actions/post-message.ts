import type { Action, ActionResult } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { METADATA_EVENT, objectOf, textOf, write } from '../client.ts';

/**
 * `message.post`: one message. Slack has no idempotency key, so the message carries our reference as metadata, and an answer that was lost is
 * looked for in the channel. The text is sent so that Slack shows it as it is: no links, mentions or markup of whoever wrote it.
 */
export const postMessage: Action = {
  async prepare(context, { channel = '', text = '' }) {
    const { name, is_archived, is_shared } = await context.call('slack/channel.get', { channel });
    if (is_archived === true) throw new ConnectorError({ code: 'target_closed', effect: 'none', retryable: false, message: `#${String(name)} is archived.` });
    const target = { id: String(channel), label: `#${String(name)}`, version: String(name) };
    const escaped = escapeText(String(text));
    const reference = context.referenceFor({ target, text: escaped });
    const shared = is_shared === true ? ' (shared with another company)' : '';
    return {
      parameters: { channel, text: escaped, reference }, target,
      preview: { title: `Post to ${target.label}${shared}`, fields: [], additions: [{ label: 'Message', text: String(text) }] },
    };
  },

  async execute(context, { channel = '', text = '', reference = '' }) {
    const answer = await write(context, 'chat.postMessage', {
      channel, text, mrkdwn: false, parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false,
      metadata: { event_type: METADATA_EVENT, event_payload: { reference } },
    });
    const message = objectOf(answer['message']);
    return resultOf(String(channel), textOf(answer['ts']), textOf(message['text']) === text);
  },

  async reconcile(context, { channel = '', reference = '' }) {
    const { found, complete } = await context.call('slack/message.find', { channel, reference });
    const [first] = found as unknown as Array<{ readonly ts: string }>;
    if (first !== undefined) return { happened: true, result: resultOf(String(channel), first.ts, false) };
    if (complete === true) return { happened: false };
    return { happened: 'unknown', why: 'So much was posted there since that our reference was not looked for everywhere; a person must look.' };
  },
};

/** The three characters that Slack's parser reads (https://docs.slack.dev/messaging/formatting-message-text#escaping). */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A message is a record of its own: it has no version before. */
function resultOf(channel: string, ts: string, verified: boolean): ActionResult {
  return {
    output: { channel, ts },
    receipt: { target_id: channel, version_before: null, version_after: ts, written_versions: [], fields_written: ['message'], verified_by_reading_back: verified },
  };
}
