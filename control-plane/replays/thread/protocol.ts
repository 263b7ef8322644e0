import type { KeySettings } from '@countersign/platform/keys/settings.ts';
import type { ObjectsSettings } from '@countersign/platform/objects/settings.ts';

/** What the thread of the replays needs to be a process of its own: nothing is shared with the control plane's event loop. */
export interface ReplayThreadData extends ObjectsSettings {
  readonly databaseUrl: string;
  readonly keys: KeySettings;
  readonly logLevel: string;
}

export type ToReplayThread = 'wake' | 'stop';
