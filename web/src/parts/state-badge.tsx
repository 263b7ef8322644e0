import { Tooltip } from '@mantine/core';
import { IconLoader2 } from '@tabler/icons-react';
import type { StateLook } from './state-look.ts';
import classes from './state-badge.module.css';

/** A state as word, icon and colour, with its meaning on hover. */
export function StateBadge({ state, look }: { state: string; look: StateLook }) {
  const { icon: StateIcon, tone, meaning } = look;
  return (
    <Tooltip label={meaning}>
      <span className={classes.badge} data-tone={tone}>
        <StateIcon size={14} stroke={2} aria-hidden className={StateIcon === IconLoader2 ? classes.spinning : undefined} />
        {state}
      </span>
    </Tooltip>
  );
}
