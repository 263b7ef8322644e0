import type { Action } from '../../sdk/connector.ts';
import { askRepository, objectOf } from '../client.ts';
import { issueOf } from '../issue.ts';

/** `issue.get`: the issue as it is now, whatever a webhook said of it. */
export const getIssue: Action = {
  async execute(context, { repository, number }) {
    const issue = objectOf(await askRepository(context, String(repository), { method: 'GET', path: `/issues/${String(number)}` }));
    return { output: { ...issueOf(String(repository), issue) } };
  },
};
