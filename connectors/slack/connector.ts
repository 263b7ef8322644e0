import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { findMessage } from './actions/find-message.ts';
import { getChannel } from './actions/get-channel.ts';
import { postMessage } from './actions/post-message.ts';

/** Slack by its Web API, as a bot. */
export const slack: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: {
    'channel.get': getChannel,
    'message.find': findMessage,
    'message.post': postMessage,
  },
};
