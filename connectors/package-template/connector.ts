import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { loadManifest } from '@countersign/connectors/sdk/load-manifest.ts';
import { addEntry } from './actions/add-entry.ts';
import { getNote } from './actions/get-note.ts';

/** Manifest and code: each action of the manifest has one file under actions/. */
export const connector: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: { 'note.get': getNote, 'entry.add': addEntry },
};
