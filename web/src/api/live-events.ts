import { CHANGE_KINDS } from '@countersign/contracts/events/change.ts';
import type { QueryClient } from '@tanstack/react-query';
import { setLiveStatus } from './live-status.ts';

export interface LiveEvent {
  kind: (typeof CHANGE_KINDS)[number];
  id: string;
}

/** What must be read again when a thing of this kind changed. */
const TOUCHED: Record<LiveEvent['kind'], string[]> = {
  run: ['runs', 'cost', 'audit', 'decisions', 'dead-letters', 'timeline'],
  approval: ['approvals', 'approval', 'runs'],
  policy: ['policy'],
  kill_switch: ['kill-switches'],
  break_glass: ['break-glass', 'me'],
  agent: ['agents', 'agent-pools', 'agent-tokens', 'agent-rollouts'],
};

const REOPEN_AFTER_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
/** Bursts of events become one read. */
const GATHER_MS = 150;

/**
 * Follows the event stream until the returned function is called. The browser resumes a broken stream by itself (Last-Event-ID);
 * one that the server refused is opened again with growing pauses. After a gap everything shown is read again.
 */
export function followEvents(queryClient: QueryClient): () => void {
  let source: EventSource | null = null;
  let failures = 0;
  let timer: number | undefined;
  const refresh = gatherEvents(queryClient);

  const open = (): void => {
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', () => {
      if (failures > 0) void queryClient.invalidateQueries();
      failures = 0;
      setLiveStatus('live');
    });
    source.addEventListener('error', () => {
      setLiveStatus('polling');
      const pause = REOPEN_AFTER_MS[Math.min(failures, REOPEN_AFTER_MS.length - 1)];
      failures += 1;
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(open, pause);
      // Refused: perhaps the session was ended elsewhere, and then nothing may stay on the screen.
      void queryClient.invalidateQueries({ queryKey: ['me'] });
    });
    source.addEventListener('message', (message: MessageEvent<unknown>) => {
      const event = parseLiveEvent(message.data);
      if (event !== null) refresh(event);
    });
    // The server no longer knows what this stream has missed.
    source.addEventListener('resync', () => void queryClient.invalidateQueries());
  };

  open();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}

function gatherEvents(queryClient: QueryClient): (event: LiveEvent) => void {
  let waiting: LiveEvent[] = [];
  return (event) => {
    if (waiting.length === 0) window.setTimeout(flush, GATHER_MS);
    waiting.push(event);
  };
  function flush(): void {
    const events = waiting;
    waiting = [];
    const kinds = new Set(events.flatMap(({ kind }) => TOUCHED[kind]));
    const ids = new Set(events.map(({ id }) => id));
    void queryClient.invalidateQueries({
      predicate: ({ queryKey: [kind, id] }) => kinds.has(String(kind)) || (kind === 'run' && (ids.has(String(id)) || events.some((event) => event.kind === 'approval'))),
    });
  }
}

/** The event in a message, or null when it is none that we know: newer servers may send more. */
export function parseLiveEvent(data: unknown): LiveEvent | null {
  if (typeof data !== 'string') return null;
  try {
    const event: unknown = JSON.parse(data);
    if (typeof event !== 'object' || event === null || !('kind' in event) || !('id' in event)) return null;
    const { kind, id } = event;
    const known = CHANGE_KINDS.find((one) => one === kind);
    return known !== undefined && typeof id === 'string' ? { kind: known, id } : null;
  } catch {
    return null;
  }
}
