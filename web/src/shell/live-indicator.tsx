import { Tooltip } from '@mantine/core';
import { useLiveStatus, type LiveStatus } from '../api/live-status.ts';
import classes from './shell.module.css';

const WORDS: Record<LiveStatus, { text: string; says: string }> = {
  live: { text: 'Live', says: 'Changes are shown as they happen' },
  connecting: { text: 'Connecting', says: 'Opening the stream of changes' },
  polling: { text: 'Reconnecting', says: 'The stream of changes is interrupted; until it is back the console asks every few seconds' },
};

export function LiveIndicator() {
  const status = useLiveStatus();
  return (
    <Tooltip label={WORDS[status].says}>
      <span className={classes.live} role="status"><span className={classes.dot} data-status={status} />{WORDS[status].text}</span>
    </Tooltip>
  );
}
