import type { Action } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { queryRecords, queryValue } from '../client.ts';

/**
 * `group.resolve`: the one active group of exactly this name. ServiceNow can resolve names itself when it writes, but takes the first
 * match in silence; we refuse none and several, before a person is asked.
 */
export const resolveGroup: Action = {
  async execute(context, { name }) {
    const wanted = String(name);
    const { rows } = await queryRecords(context, 'sys_user_group', { query: `name=${queryValue(wanted)}^active=true`, fields: ['sys_id', 'name'], limit: 10 });
    // The database may compare without regard to case or accents.
    const exact = rows.filter((row) => row['name']?.value === wanted);
    if (exact.length === 0) throw refused('reference_not_found', `There is no active group named as asked for; check the spelling, capitals included`);
    if (exact.length > 1) throw refused('reference_ambiguous', `${exact.length} active groups have the name asked for; rename or retire all but one`);
    return { output: { sys_id: exact[0]?.['sys_id']?.value ?? '', name: wanted } };
  },
};

function refused(code: 'reference_not_found' | 'reference_ambiguous', message: string): ConnectorError {
  return new ConnectorError({ code, effect: 'none', retryable: false, message: `assignment_group: ${message}.` });
}
