import type { JsonObject, Reconciler } from '../sdk/connector.ts';
import { listedRepositories } from './client.ts';

/** How far back each poll looks again: an issue may show up in a list a little later than the time it carries. */
const OVERLAP_MS = 60_000;

/**
 * Finds issues whose webhook was lost; GitHub does not send one again by itself. The cursor is the time of the newest one, RFC 3339 in UTC. An instance that names
 * no `repositories` is not polled: what an App may see can be thousands.
 */
export const issueReconciler: Reconciler = {
  events: ['issue.opened'],
  async poll(context, cursor) {
    if (cursor === null) return { cursor: context.now().toISOString(), found: [] };
    const since = new Date(Date.parse(cursor) - OVERLAP_MS).toISOString();
    const found: JsonObject[] = [];
    // GitHub's clock from the first issue on: ours may be ahead of it.
    let latest = Date.parse(cursor);
    for (const repository of listedRepositories(context) ?? []) {
      const { issues } = await context.call('github/issues.opened', { repository, since });
      latest = Math.max(latest, ...(issues as JsonObject[]).map(({ created_at }) => Date.parse(String(created_at))));
      found.push(...(issues as JsonObject[]).filter(({ author }) => author !== context.instance.settings['integration_user']).map((issue) => payloadOf(repository, issue)));
    }
    return { cursor: new Date(latest).toISOString(), found };
  },
};

/** As the webhook sends it, as far as the trigger reads it. */
function payloadOf(repository: string, { id = 0, number = 0, url = '', created_at = '', author = '' }: JsonObject): JsonObject {
  return { action: 'opened', issue: { id, number, html_url: url, created_at }, repository: { full_name: repository }, sender: { login: author } };
}
