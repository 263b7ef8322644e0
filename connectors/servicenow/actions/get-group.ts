import type { Action } from '../../sdk/connector.ts';
import { readRecord } from '../client.ts';

/** `group.get`: the name of a group by its id, and whether it still takes work. */
export const getGroup: Action = {
  async execute(context, { sys_id: sysId }) {
    const row = await readRecord(context, 'sys_user_group', String(sysId), ['sys_id', 'name', 'active']);
    return { output: { sys_id: row['sys_id']?.value ?? '', name: row['name']?.value ?? '', active: row['active']?.value === 'true' } };
  },
};
