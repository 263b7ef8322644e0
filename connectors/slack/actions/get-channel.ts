import type { Action } from '../../sdk/connector.ts';
import { objectOf, read, textOf } from '../client.ts';

/** `channel.get`: what people call a channel that is named by its id. */
export const getChannel: Action = {
  async execute(context, { channel }) {
    const found = objectOf((await read(context, 'conversations.info', { channel: String(channel) }))['channel']);
    return {
      output: {
        channel: textOf(found['id']), name: textOf(found['name']), is_archived: found['is_archived'] === true,
        is_shared: found['is_ext_shared'] === true || found['is_shared'] === true,
      },
    };
  },
};
