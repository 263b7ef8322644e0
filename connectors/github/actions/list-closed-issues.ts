import type { Action, ActionContext, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { askRepository, listedRepositories, objectOf, PAGE, readPage } from '../client.ts';
import { issueOf, labelNames } from '../issue.ts';

const ISSUE_URL = /\/([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})\/issues\/([1-9]\d{0,15})$/;

/**
 * `issues.closed`: closed issues with their labels, newest first in each repository of the setting `repositories`, in its order. What
 * people still work on is labelled, if at all, by habit; a closed issue's labels have been looked at.
 */
export const listClosedIssues: Action = {
  async execute(context, { cursor, ids }) {
    if (Array.isArray(ids)) return { output: { tickets: await byUrl(context, ids.map(String)), cursor: null } };
    const [repository = 0, page = 1] = typeof cursor === 'string' ? cursor.split(':').map(Number) : [];
    return { output: await onePage(context, repository, page) };
  },
};

/** The cursor is `<place in the setting>:<page>`. GitHub lists pull requests among issues, so a page may have fewer of them, or none. */
async function onePage(context: ActionContext, place: number, page: number): Promise<JsonObject> {
  const repositories = listedRepositories(context) ?? [];
  const repository = repositories[place];
  if (repository === undefined) {
    throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `The instance ${context.instance.name} does not say what to learn from; name its repositories in the setting "repositories".` });
  }
  const found = await readPage(context, repository, '/issues', { state: 'closed', sort: 'created', direction: 'desc', per_page: String(PAGE), page: String(page) });
  const tickets = found.map((issue) => ticketOf(repository, issue)).filter((ticket) => ticket !== null);
  const isLast = found.length < PAGE && place === repositories.length - 1;
  return { tickets, cursor: isLast ? null : found.length < PAGE ? `${place + 1}:1` : `${place}:${page + 1}` };
}

async function byUrl(context: ActionContext, urls: readonly string[]): Promise<JsonObject[]> {
  const tickets: JsonObject[] = [];
  for (const url of urls) {
    const [, repository, number] = ISSUE_URL.exec(url) ?? [];
    if (repository === undefined || number === undefined) continue;
    const issue = await askRepository(context, repository, { method: 'GET', path: `/issues/${number}` }).catch((error: unknown) => {
      // An issue that was deleted or moved since teaches nothing, and hinders nothing.
      if (error instanceof ConnectorError && (error.code === 'peer_not_found' || error.code === 'parameters_invalid')) return null;
      throw error;
    });
    const ticket = issue === null ? null : ticketOf(repository, objectOf(issue));
    if (ticket !== null) tickets.push(ticket);
  }
  return tickets;
}

function ticketOf(repository: string, issue: JsonObject): JsonObject | null {
  const { url, number, title, body, is_pull_request } = issueOf(repository, issue);
  return is_pull_request ? null : { id: url, number: `${repository}#${number}`, short_description: title, description: body, labels: {}, tags: labelNames(issue) };
}
