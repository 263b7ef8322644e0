import type { Action, ActionResult, JsonObject, Prepared } from '../../sdk/connector.ts';
import { askRepository, numberOf, objectOf, textOf } from '../client.ts';
import { lookFor, sending } from '../marker.ts';
import { requirePrepared } from '../target.ts';

/** `check-run.create`: a finished check on one commit. Its external id is our reference, so it is found again whatever its text. */
export const createCheckRun: Action = {
  async prepare(context, { repository = '', head_sha = '', name = '', conclusion = '', title = '', summary = '' }) {
    // A commit never changes, so its name is its version.
    const target: Prepared['target'] = { id: `${String(repository)}@${String(head_sha)}`, label: `${String(repository)}@${String(head_sha).slice(0, 12)}`, version: String(head_sha) };
    const external_id = context.referenceFor({ target, name, conclusion, title, summary });
    return {
      parameters: { repository, head_sha, name, conclusion, title, summary, external_id }, target,
      preview: {
        title: `Report the check ${String(name)} on ${target.label}`,
        fields: [{ name: 'conclusion', label: 'Conclusion', before: '', after: String(conclusion) }, { name: 'title', label: 'Title', before: '', after: String(title) }],
        additions: [{ label: 'Summary', text: String(summary) }],
      },
    };
  },

  async execute(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const { head_sha = '', name = '', conclusion = '', title = '', summary = '', external_id = '' } = parameters;
    const check = objectOf(await sending(() => askRepository(context, String(parameters['repository']), {
      method: 'POST', path: '/check-runs', json: { name, head_sha, status: 'completed', conclusion, external_id, output: { title, summary } },
    })));
    return reported(target, { id: String(numberOf(check['id'])), url: textOf(check['html_url']) }, parameters, check['conclusion'] === conclusion && check['external_id'] === external_id);
  },

  async reconcile(context, parameters, prepared) {
    const { target } = requirePrepared(prepared);
    const where: JsonObject = { repository: parameters['repository'] ?? '', head_sha: parameters['head_sha'] ?? '', reference: parameters['external_id'] ?? '', in: 'check-runs' };
    return lookFor(context, where, (found) => reported(target, found, parameters, true));
  },
};

function reported(target: { readonly id: string; readonly version: string }, { id, url }: { readonly id: string; readonly url: string }, { conclusion }: JsonObject, verified: boolean): ActionResult {
  return {
    output: { id, url, conclusion: String(conclusion) },
    receipt: { target_id: target.id, version_before: target.version, version_after: target.version, written_versions: [], fields_written: ['check-run'], verified_by_reading_back: verified },
  };
}
