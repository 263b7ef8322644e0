import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { elapsedMs, formatDuration, formatRelative, formatUtc, remainingMs } from '../format/time.ts';

/** The time, looked at again every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now_ms, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now_ms;
}

/** `3 min ago`, with the absolute time in UTC on hover. */
export function TimeAgo({ at }: { at: string }) {
  const now_ms = useNow(10_000);
  return (
    <Tooltip label={formatUtc(at)}>
      <time dateTime={at} className="tabular" style={{ whiteSpace: 'nowrap' }}>{formatRelative(at, now_ms)}</time>
    </Tooltip>
  );
}

/** How long a thing took, or has taken so far. */
export function Elapsed({ from, to }: { from: string | null; to: string | null }) {
  const now_ms = useNow(1_000);
  const duration_ms = elapsedMs(from, to, now_ms);
  if (duration_ms === null) return <span>not started</span>;
  return <span className="tabular" style={{ whiteSpace: 'nowrap' }}>{formatDuration(duration_ms)}</span>;
}

/** What is left until `at`; `over` when nothing is. */
export function Countdown({ at, over }: { at: string; over: string }) {
  const now_ms = useNow(1_000);
  const left_ms = remainingMs(at, now_ms);
  return (
    <Tooltip label={formatUtc(at)}>
      <span className="tabular">{left_ms === 0 ? over : formatDuration(left_ms)}</span>
    </Tooltip>
  );
}
