import type { Action, ActionContext, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { askRepository, numberOf, objectOf, PAGE, readPage, textOf } from '../client.ts';
import { markerOf } from '../marker.ts';

/** A thousand texts newer than ours would have to be there before we look no further. */
const MAX_PAGES = 10;

type Place = (page: string) => Promise<JsonObject[]>;

/** `reference.find`: what carries a reference of ours, by the comment that GitHub keeps and does not show, or by a check's external id. */
export const findReference: Action = {
  async execute(context, parameters) {
    const reference = String(parameters['reference']);
    const isOurs = parameters['in'] === 'check-runs'
      ? (item: JsonObject) => item['external_id'] === reference
      : (item: JsonObject) => textOf(item['body']).includes(markerOf(reference)) && isByUs(context, item);
    const place = placeOf(context, parameters);
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const items = await place(String(page));
      const found = items.filter(isOurs).map(foundOf);
      if (found.length > 0) return { output: { found, complete: true } };
      if (items.length < PAGE) return { output: { found: [], complete: true } };
    }
    return { output: { found: [], complete: false } };
  },
};

function placeOf(context: ActionContext, parameters: JsonObject): Place {
  const repository = String(parameters['repository']);
  const since: Readonly<Record<string, string>> = typeof parameters['since'] === 'string' ? { since: parameters['since'] } : {};
  const pages = (path: string, query: Readonly<Record<string, string>>): Place => (page) => readPage(context, repository, path, { ...query, per_page: String(PAGE), page });
  const needed = (name: string): string => {
    const value = parameters[name];
    if (value !== undefined && value !== null) return String(value);
    throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `${name}: say where to look for ${String(parameters['in'])}.` });
  };
  switch (parameters['in']) {
    case 'issues': return pages('/issues', { state: 'all', sort: 'created', direction: 'desc' });
    case 'comments': return pages(`/issues/${needed('number')}/comments`, since);
    case 'review-comments': return pages(`/pulls/${needed('number')}/comments`, { ...since, sort: 'created', direction: 'desc' });
    default: {
      const path = `/commits/${needed('head_sha')}/check-runs`;
      return async (page) => {
        const answer = objectOf(await askRepository(context, repository, { method: 'GET', path, query: { filter: 'all', per_page: String(PAGE), page } }));
        const runs = answer['check_runs'];
        return Array.isArray(runs) ? runs.map(objectOf) : [];
      };
    }
  }
}

/** Somebody may have copied our text; where the instance says who we are, only what we wrote counts. */
function isByUs({ instance }: ActionContext, item: JsonObject): boolean {
  const us = instance.settings['integration_user'];
  return typeof us !== 'string' || item['user'] === null || item['user'] === undefined || textOf(objectOf(item['user'])['login']) === us;
}

function foundOf(item: JsonObject): JsonObject {
  return {
    id: String(numberOf(item['id'])), number: typeof item['number'] === 'number' ? item['number'] : null, url: textOf(item['html_url']),
    updated_at: textOf(item['created_at'] ?? item['updated_at'] ?? item['completed_at']),
  };
}
