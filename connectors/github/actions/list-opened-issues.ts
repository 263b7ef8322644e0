import type { Action, JsonObject } from '../../sdk/connector.ts';
import { numberOf, PAGE, readPage } from '../client.ts';
import { issueOf } from '../issue.ts';

const MAX_PAGES = 10;

/** `issues.opened`: issues of one repository that were opened since a time, without what people wrote in them. */
export const listOpenedIssues: Action = {
  async execute(context, { repository, since }) {
    const from = Date.parse(String(since));
    const issues: JsonObject[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const found = await readPage(context, String(repository), '/issues', { state: 'all', sort: 'created', direction: 'desc', per_page: String(PAGE), page: String(page) });
      const recent = found.map((raw) => ({ id: numberOf(raw['id']), ...issueOf(String(repository), raw) })).filter(({ created_at }) => Date.parse(created_at) >= from);
      issues.push(...recent.filter(({ is_pull_request }) => !is_pull_request).map(({ id, number, url, created_at, author }) => ({ id, number, url, created_at, author })));
      if (recent.length < PAGE) break;
    }
    return { output: { issues } };
  },
};
