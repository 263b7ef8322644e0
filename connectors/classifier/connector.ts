import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { generate } from './actions/generate.ts';
import { train } from './actions/train.ts';

/** The model that needs no key: it learns from the instance's own tickets and runs here. */
export const classifier: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: { generate, train },
};
