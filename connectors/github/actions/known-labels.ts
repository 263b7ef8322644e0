import type { ActionContext, Json } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';

/**
 * GitHub makes a label that the repository does not have, in silence and in grey; we refuse it before a person is asked. Labels are the
 * same whatever their capitals; they are given as the repository spells them.
 * @throws ConnectorError reference_not_found
 */
export async function knownLabels(context: ActionContext, repository: Json, wanted: readonly string[]): Promise<string[]> {
  const { labels } = await context.call('github/labels.list', { repository });
  const known = new Map((labels as Array<{ name: string }>).map(({ name }) => [name.toLowerCase(), name]));
  const missing = wanted.filter((name) => !known.has(name.toLowerCase()));
  if (missing.length === 0) return [...new Set(wanted.map((name) => known.get(name.toLowerCase()) ?? name))];
  throw new ConnectorError({ code: 'reference_not_found', effect: 'none', retryable: false, message: `labels: the repository has no label at ${missing.map((name) => `/labels/${wanted.indexOf(name)}`).join(', ')}; make it there first, or take one that it has.` });
}
