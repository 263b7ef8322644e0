import { Anchor } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { activeKillSwitchesQuery } from '../api/decision-queries.ts';
import { nameOf } from '../kill-switches/kill-switch-name.ts';
import { TimeAgo } from '../parts/clock.tsx';
import classes from './shell.module.css';

/** On every page while something is stopped: what, why, since when. */
export function KillSwitchBanner() {
  const { data } = useQuery(activeKillSwitchesQuery);
  const active = data?.items ?? [];
  if (active.length === 0) return null;
  return (
    <div className={classes.stopped} role="alert">
      {active.map((one) => (
        <div key={one.id}>
          <IconHandStop size={16} aria-hidden />
          <span><strong>{nameOf(one)} is stopped</strong>, <TimeAgo at={one.set_at} />: {one.reason} <Anchor component={Link} to="/policy/kill-switches" underline="always">Kill switches</Anchor></span>
        </div>
      ))}
    </div>
  );
}
