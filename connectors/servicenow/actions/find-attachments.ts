import type { Action } from '../../sdk/connector.ts';
import { listAttachments } from '../attachments.ts';

/** `attachment.find`: the attachments of one incident that have this file name. */
export const findAttachments: Action = {
  async execute(context, { sys_id: sysId, file_name: fileName }) {
    const found = await listAttachments(context, String(sysId), String(fileName));
    return { output: { attachments: found.map((attachment) => ({ ...attachment })) } };
  },
};
