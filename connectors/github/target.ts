import type { ActionContext, JsonObject, Prepared } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { askRepository, objectOf, textOf } from './client.ts';

/** What a write lands on: `owner/name#12`, in the version that people saw. GitHub's `updated_at` has whole seconds: two changes within one look the same. */
export function targetOf({ repository, number, updated_at }: { readonly repository: string; readonly number: number; readonly updated_at: string }): Prepared['target'] {
  const name = `${repository}#${number}`;
  return { id: name, label: name, version: updated_at };
}

/**
 * The last look before a write; GitHub has no conditional one, so between this and the write there is a window of one request.
 * @throws ConnectorError target_changed
 */
export async function requireUnchanged(context: ActionContext, parameters: JsonObject, { label, version }: Prepared['target'], kind: 'issues' | 'pulls'): Promise<void> {
  const now = textOf(objectOf(await askRepository(context, String(parameters['repository']), { method: 'GET', path: `/${kind}/${String(parameters['number'])}` }))['updated_at']);
  if (now === version) return;
  throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: true, message: `${label} has changed since it was approved (${version}, now ${now}); it is proposed anew.` });
}

export function requirePrepared(prepared: Prepared | null): Prepared {
  if (prepared !== null) return prepared;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: 'A write needs the target that it was prepared for.' });
}
