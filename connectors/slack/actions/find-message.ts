import type { Action, JsonObject } from '../../sdk/connector.ts';
import { malformed, METADATA_EVENT, objectOf, read, textOf } from '../client.ts';

/** Slack gives 200 at most as a rule; a thousand messages newer than ours would have to be there before we look no further. */
const PAGE = '200';
const MAX_PAGES = 5;

/** `message.find`: the message that carries a reference of ours in its metadata, which only the app that posted it can have written. */
export const findMessage: Action = {
  async execute(context, { channel, reference }) {
    let cursor = '';
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query = { channel: String(channel), limit: PAGE, include_all_metadata: 'true', ...(cursor === '' ? {} : { cursor }) };
      const answer = await read(context, 'conversations.history', query);
      if (!Array.isArray(answer['messages'])) throw malformed('a list of messages was expected');
      const found = answer['messages'].map(objectOf).filter((message) => referenceOf(message) === reference).map((message) => ({ ts: textOf(message['ts']) }));
      if (found.length > 0) return { output: { found, complete: true } };
      cursor = textOf(isObject(answer['response_metadata']) ? answer['response_metadata']['next_cursor'] : '');
      if (cursor === '') return { output: { found: [], complete: true } };
    }
    return { output: { found: [], complete: false } };
  },
};

function referenceOf({ metadata }: JsonObject): string | null {
  if (!isObject(metadata) || metadata['event_type'] !== METADATA_EVENT || !isObject(metadata['event_payload'])) return null;
  return textOf(metadata['event_payload']['reference']);
}

function isObject(value: JsonObject[string] | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
