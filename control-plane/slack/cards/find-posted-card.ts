import type { webApi } from '@slack/bolt';

/** Message metadata of our cards (https://docs.slack.dev/messaging/message-metadata): the only name that a message can carry. */
export const METADATA_EVENT = 'countersign_approval';
const MAX_PAGES = 5;

/** The timestamp of the card of an approval, where a post whose answer was lost did arrive; null where it did not. */
export async function findPostedCard(client: webApi.WebClient, channel: string, approvalId: string): Promise<string | null> {
  let cursor = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.conversations.history({ channel, limit: 200, include_all_metadata: true, ...(cursor === '' ? {} : { cursor }) });
    const found = (answer.messages ?? []).find(({ metadata }) => metadata?.event_type === METADATA_EVENT && (metadata.event_payload as { approval_id?: unknown } | undefined)?.approval_id === approvalId);
    if (found?.ts !== undefined) return found.ts;
    cursor = answer.response_metadata?.next_cursor ?? '';
    if (cursor === '') return null;
  }
  return null;
}
