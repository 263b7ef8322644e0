import type { Action } from '../../sdk/connector.ts';
import { askRepository, numberOf, objectOf, textOf } from '../client.ts';

/** `pull-request.get`: the pull request as it is now, with the commit at its head. */
export const getPullRequest: Action = {
  async execute(context, { repository, number }) {
    const pull = objectOf(await askRepository(context, String(repository), { method: 'GET', path: `/pulls/${String(number)}` }));
    return {
      output: {
        repository: String(repository), number: numberOf(pull['number']), title: textOf(pull['title']), state: pull['state'] === 'closed' ? 'closed' : 'open',
        head_sha: textOf(objectOf(pull['head'])['sha']), updated_at: textOf(pull['updated_at']), url: textOf(pull['html_url']),
      },
    };
  },
};
