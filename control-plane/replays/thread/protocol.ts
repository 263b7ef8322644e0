/** What the thread of the replays needs to be a process of its own: nothing is shared with the control plane's event loop. */
export interface ReplayThreadData {
  readonly databaseUrl: string;
  readonly keyFile: string;
  readonly objectsFolder: string;
  readonly logLevel: string;
}

export type ToReplayThread = 'wake' | 'stop';
