import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { generate } from './actions/generate.ts';

/** Claude models of Anthropic. */
export const anthropic: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url), [new URL('../model-adapter/', import.meta.url)]),
  actions: { generate },
};
