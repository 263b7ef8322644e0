import { Tooltip } from '@mantine/core';
import { formatDuration, formatUtc } from '../format/time.ts';
import { useNow } from '../parts/clock.tsx';
import { freshnessOf, type Freshness } from './freshness.ts';
import classes from './policy.module.css';

const WORDS: Record<Freshness['state'], string> = { fresh: 'fresh', ageing: 'ageing: the next refresh is overdue', stale: 'stale: denies' };

/** How old a bundle is and how long it may still decide, second by second: green, amber when its renewal is overdue, red when it denies. */
export function FreshnessClock({ signedAt, expiresAt, label }: { signedAt: string; expiresAt: string; label: string }) {
  const { state, age_ms, left_ms, share } = freshnessOf(signedAt, expiresAt, useNow(1_000));
  return (
    <Tooltip label={`Signed ${formatUtc(signedAt)}; decides until ${formatUtc(expiresAt)}`}>
      <div className={classes.clock} data-state={state} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} aria-valuetext={`${WORDS[state]}, ${formatDuration(left_ms)} left`} tabIndex={0}>
        <svg viewBox="0 0 36 36" width={34} height={34} aria-hidden focusable="false">
          <circle cx="18" cy="18" r="15" pathLength="100" />
          <circle cx="18" cy="18" r="15" pathLength="100" strokeDasharray={`${share * 100} 100`} transform="rotate(-90 18 18)" />
        </svg>
        <span>
          <strong className="tabular">{left_ms === 0 ? 'No time left' : `${formatDuration(left_ms)} left`}</strong>
          <span className="tabular">{formatDuration(age_ms)} old, {WORDS[state]}</span>
        </span>
      </div>
    </Tooltip>
  );
}
