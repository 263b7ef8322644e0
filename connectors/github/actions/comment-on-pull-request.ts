import type { Action, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { askRepository, objectOf, textOf } from '../client.ts';
import { lookFor, sending, withMarker } from '../marker.ts';
import { requirePrepared, requireUnchanged, targetOf } from '../target.ts';
import { commented, foundIn } from './comment-on-issue.ts';

interface PullRequest {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly head_sha: string;
  readonly updated_at: string;
}

/** `pull-request.review-comment`: one comment on a line of the diff, as it was in the commit that people saw. */
export const commentOnPullRequest: Action = {
  async prepare(context, { repository = '', number = 0, path = '', line = 0, side = 'RIGHT', head_sha: wanted = null, body = '' }) {
    const pull = await context.call('github/pull-request.get', { repository, number }) as unknown as PullRequest;
    if (wanted !== null && wanted !== pull.head_sha) {
      throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: false, message: `head_sha: ${pull.repository}#${pull.number} has another commit at its head by now, so the line may be another one.` });
    }
    const target = targetOf(pull);
    const place: JsonObject = { repository, number, head_sha: pull.head_sha, path, line, side };
    const reference = context.referenceFor({ target, place, body });
    const text = withMarker(String(body), reference);
    return {
      parameters: { ...place, body: text, reference }, target,
      preview: {
        title: `Comment on ${target.label}: ${pull.title}`,
        fields: [{ name: 'path', label: 'Line', before: '', after: `${String(path)}:${String(line)} (${side === 'LEFT' ? 'before' : 'after'} the change, commit ${pull.head_sha.slice(0, 12)})` }],
        additions: [{ label: 'Review comment', text }],
      },
    };
  },

  async execute(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    await requireUnchanged(context, parameters, target, 'pulls');
    const { path = '', line = 0, side = 'RIGHT', head_sha: commit_id = '', body = '' } = parameters;
    const comment = objectOf(await sending(() => askRepository(context, String(parameters['repository']), {
      method: 'POST', path: `/pulls/${String(parameters['number'])}/comments`, json: { body, commit_id, path, line, side },
    })));
    return commented(target, foundIn(comment), textOf(comment['body']) === body);
  },

  async reconcile(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const where: JsonObject = { repository: parameters['repository'] ?? '', number: parameters['number'] ?? 0, reference: parameters['reference'] ?? '', in: 'review-comments', since: target.version };
    return lookFor(context, where, (found) => commented(target, found, true));
  },
};
