import { Text } from '@mantine/core';
import { formatInZone, readersZone, sameClock } from '../format/zones.ts';
import { TimeAgo } from '../parts/clock.tsx';

/** A moment by the schedule's clock, by one's own where that shows another time, and how far it is away. */
export function ZonedTime({ at, zone }: { at: string; zone: string }) {
  const own = readersZone();
  return (
    <>
      <span className="tabular" style={{ whiteSpace: 'nowrap' }}>{formatInZone(at, zone)}</span>
      {sameClock(at, zone, own) ? null : <Text size="xs" c="dimmed" className="tabular" style={{ whiteSpace: 'nowrap' }}>for you {formatInZone(at, own)}</Text>}
      <Text size="xs" c="dimmed" component="div"><TimeAgo at={at} /></Text>
    </>
  );
}
