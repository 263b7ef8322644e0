import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { generate } from './actions/generate.ts';

/** Models of OpenAI. */
export const openai: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url), [new URL('../model-adapter/', import.meta.url)]),
  actions: { generate },
};
