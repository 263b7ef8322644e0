import type { Action, ActionContext } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { queryRecords } from '../client.ts';
import type { Row } from '../client.ts';

const PAGE = 1_000;
/** Far more groups than any instance has; a list without an end is not read for ever. */
const MAX_PAGES = 50;

/**
 * `group.resolve`: the one active group of exactly this name. ServiceNow can resolve names itself when it writes, but takes the first
 * match in silence; we refuse none and several, before a person is asked. The list is read whole and compared here, because the name may
 * be a model's: in a query it would reach the instance before anybody has approved anything.
 */
export const resolveGroup: Action = {
  async execute(context, { name }) {
    const wanted = String(name);
    const exact = (await activeGroups(context)).filter((row) => row['name']?.value === wanted);
    if (exact.length === 0) throw refused('reference_not_found', `There is no active group named as asked for; check the spelling, capitals included`);
    if (exact.length > 1) throw refused('reference_ambiguous', `${exact.length} active groups have the name asked for; rename or retire all but one`);
    return { output: { sys_id: exact[0]?.['sys_id']?.value ?? '', name: wanted } };
  },
};

async function activeGroups(context: ActionContext): Promise<Row[]> {
  const groups: Row[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { rows } = await queryRecords(context, 'sys_user_group', { query: 'active=true^ORDERBYsys_id', fields: ['sys_id', 'name'], limit: PAGE, offset: page * PAGE });
    groups.push(...rows);
    if (rows.length < PAGE) break;
  }
  return groups;
}

function refused(code: 'reference_not_found' | 'reference_ambiguous', message: string): ConnectorError {
  return new ConnectorError({ code, effect: 'none', retryable: false, message: `assignment_group: ${message}.` });
}
