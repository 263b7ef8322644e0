import type { Action, ActionResult, JsonObject } from '../../sdk/connector.ts';
import { askRepository, numberOf, objectOf, textOf } from '../client.ts';
import type { Issue } from '../issue.ts';
import { lookFor, sending, withMarker } from '../marker.ts';
import type { Found } from '../marker.ts';
import { requirePrepared, requireUnchanged, targetOf } from '../target.ts';

/** `issue.comment`: one comment, on an issue or in the conversation of a pull request. Sent twice it would be there twice: it carries our reference. */
export const commentOnIssue: Action = {
  async prepare(context, { repository = '', number = 0, body = '' }) {
    const issue = await context.call('github/issue.get', { repository, number }) as unknown as Issue;
    const target = targetOf(issue);
    const reference = context.referenceFor({ target, body });
    const text = withMarker(String(body), reference);
    return {
      parameters: { repository, number, body: text, reference }, target,
      preview: { title: `Comment on ${target.label}: ${issue.title}`, fields: [], additions: [{ label: 'Comment', text }] },
    };
  },

  async execute(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    await requireUnchanged(context, parameters, target, 'issues');
    const comment = objectOf(await sending(() => askRepository(context, String(parameters['repository']), {
      method: 'POST', path: `/issues/${String(parameters['number'])}/comments`, json: { body: String(parameters['body']) },
    })));
    return commented(target, foundIn(comment), textOf(comment['body']) === parameters['body']);
  },

  async reconcile(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const where: JsonObject = { repository: parameters['repository'] ?? '', number: parameters['number'] ?? 0, reference: parameters['reference'] ?? '', in: 'comments', since: target.version };
    return lookFor(context, where, (found) => commented(target, found, true));
  },
};

export function foundIn(comment: JsonObject): Found {
  return { id: String(numberOf(comment['id'])), number: null, url: textOf(comment['html_url']), updated_at: textOf(comment['created_at']) };
}

/** What was written, as output and receipt. A comment is a record of its own, so it has no version before. */
export function commented(target: { readonly id: string; readonly version: string }, { id, url, updated_at }: Found, verified: boolean): ActionResult {
  return {
    output: { id, url, updated_at },
    receipt: { target_id: target.id, version_before: target.version, version_after: updated_at, written_versions: [], fields_written: ['comment'], verified_by_reading_back: verified },
  };
}
