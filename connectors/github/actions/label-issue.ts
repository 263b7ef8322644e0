import type { Action, ActionResult, JsonObject } from '../../sdk/connector.ts';
import { askRepository, malformed, objectOf, textOf } from '../client.ts';
import { labelNames } from '../issue.ts';
import type { Issue } from '../issue.ts';
import { sending } from '../marker.ts';
import { requirePrepared, requireUnchanged, targetOf } from '../target.ts';
import { knownLabels } from './known-labels.ts';

/** `issue.label`: adds labels, or sets them all. Sent twice it is as if sent once; what is there tells whether it happened. */
export const labelIssue: Action = {
  async prepare(context, { repository = '', number = 0, labels = [], mode = 'add', confidence }) {
    const issue = await context.call('github/issue.get', { repository, number }) as unknown as Issue;
    const wanted = await knownLabels(context, repository, (labels as string[]).map(String));
    const after = mode === 'set' ? wanted : [...issue.labels, ...wanted.filter((name) => !has(issue.labels, name))];
    const target = targetOf(issue);
    return {
      parameters: { repository, number, labels: wanted, mode, ...(typeof confidence === 'number' ? { confidence } : {}) }, target,
      preview: { title: `Label ${target.label}: ${issue.title}`, fields: [{ name: 'labels', label: 'Labels', before: issue.labels.join(', '), after: after.join(', ') }], additions: [] },
    };
  },

  async execute(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    await requireUnchanged(context, parameters, target, 'issues');
    const answer = await sending(() => askRepository(context, String(parameters['repository']), {
      method: parameters['mode'] === 'set' ? 'PUT' : 'POST', path: `/issues/${String(parameters['number'])}/labels`, json: { labels: parameters['labels'] ?? [] },
    }));
    if (!Array.isArray(answer)) throw malformed('the labels were expected');
    return labelled(parameters, target, labelNames({ labels: answer }), await versionNow(context, parameters));
  },

  async reconcile(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const issue = await context.call('github/issue.get', { repository: parameters['repository'] ?? '', number: parameters['number'] ?? 0 }) as unknown as Issue;
    return keeps(parameters, issue.labels) ? { happened: true, result: labelled(parameters, target, issue.labels, issue.updated_at) } : { happened: false };
  },
};

/** The write is done: failing to look at it again must not make it look undone. Empty where it could not be read. */
async function versionNow(context: Parameters<Action['execute']>[0], parameters: JsonObject): Promise<string> {
  try {
    return textOf(objectOf(await askRepository(context, String(parameters['repository']), { method: 'GET', path: `/issues/${String(parameters['number'])}` }))['updated_at']);
  } catch {
    return '';
  }
}

function labelled(parameters: JsonObject, target: { readonly id: string; readonly version: string }, labels: readonly string[], updated_at: string): ActionResult {
  return {
    output: { labels: [...labels], updated_at },
    receipt: {
      target_id: target.id, version_before: target.version, version_after: updated_at === '' ? null : updated_at, written_versions: [],
      fields_written: ['labels'], verified_by_reading_back: keeps(parameters, labels),
    },
  };
}

/** Whether `labels` are what the write was to reach. */
function keeps({ labels: wanted, mode }: JsonObject, labels: readonly string[]): boolean {
  const names = (wanted as string[]).map(String);
  return names.every((name) => has(labels, name)) && (mode !== 'set' || labels.length === names.length);
}

function has(labels: readonly string[], name: string): boolean {
  return labels.some((label) => label.toLowerCase() === name.toLowerCase());
}
