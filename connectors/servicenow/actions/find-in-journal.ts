import type { Action } from '../../sdk/connector.ts';
import { queryRecords, queryValue } from '../client.ts';

/**
 * `journal.find`: the work notes of one incident that carry a reference of ours. An access rule can hide rows without a word, so it
 * also says whether this credential sees work notes at all: finding none is a proof only then.
 */
export const findInJournal: Action = {
  async execute(context, { sys_id: sysId, reference }) {
    const { rows } = await queryRecords(context, 'sys_journal_field', {
      query: `element_id=${queryValue(String(sysId))}^element=work_notes^valueLIKE${queryValue(String(reference))}`,
      fields: ['sys_id', 'sys_created_on', 'sys_created_by'], limit: 10,
    });
    const entries = rows.map((row) => ({ sys_id: row['sys_id']?.value ?? '', sys_created_on: row['sys_created_on']?.value ?? '', sys_created_by: row['sys_created_by']?.value ?? '' }));
    return { output: { entries, readable: entries.length > 0 || await seesAnyNote(context) } };
  },
};

async function seesAnyNote(context: Parameters<Action['execute']>[0]): Promise<boolean> {
  const { rows } = await queryRecords(context, 'sys_journal_field', { query: 'name=incident^element=work_notes', fields: ['sys_id'], limit: 1 });
  return rows.length > 0;
}
