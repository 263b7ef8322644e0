import type { Action, ActionResult, JsonObject, Prepared } from '../../sdk/connector.ts';
import { askRepository, objectOf } from '../client.ts';
import { issueOf, openedVersion } from '../issue.ts';
import { lookFor, sending, withMarker } from '../marker.ts';
import { requirePrepared } from '../target.ts';
import { knownLabels } from './known-labels.ts';

/** `issue.create`: one new issue. GitHub has no idempotency key, so its text carries our reference. */
export const createIssue: Action = {
  async prepare(context, { repository = '', title = '', body = '', labels }) {
    const wanted = Array.isArray(labels) && labels.length > 0 ? await knownLabels(context, repository, labels.map(String)) : [];
    // The repository itself has no version that an issue could be out of step with.
    const target: Prepared['target'] = { id: String(repository), label: String(repository), version: 'new' };
    const reference = context.referenceFor({ target, title, body, labels: wanted });
    const text = withMarker(String(body), reference);
    return {
      parameters: { repository, title, body: text, labels: wanted, reference }, target,
      preview: {
        title: `Open an issue in ${String(repository)}`,
        fields: [{ name: 'title', label: 'Title', before: '', after: String(title) }, ...(wanted.length === 0 ? [] : [{ name: 'labels', label: 'Labels', before: '', after: wanted.join(', ') }])],
        additions: [{ label: 'Text', text }],
      },
    };
  },

  async execute(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const { title = '', body = '', labels = [] } = parameters;
    const issue = issueOf(target.id, objectOf(await sending(() => askRepository(context, target.id, { method: 'POST', path: '/issues', json: { title, body, labels } }))));
    return opened(target.id, issue, issue.title === title && issue.body === body);
  },

  async reconcile(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const where: JsonObject = { repository: parameters['repository'] ?? '', reference: parameters['reference'] ?? '', in: 'issues' };
    return lookFor(context, where, (found) => opened(target.id, { number: found.number ?? 0, url: found.url, created_at: found.updated_at }, true));
  },
};

/** The event that GitHub sends of it is our echo: its version is in the receipt. */
function opened(repository: string, { number, url, created_at }: { readonly number: number; readonly url: string; readonly created_at: string }, verified: boolean): ActionResult {
  const id = `${repository}#${number}`;
  return {
    output: { id, number, url, updated_at: created_at },
    receipt: {
      target_id: id, version_before: null, version_after: created_at, written_versions: [openedVersion({ repository, number, created_at })],
      fields_written: ['title', 'body', 'labels'], verified_by_reading_back: verified,
    },
  };
}
