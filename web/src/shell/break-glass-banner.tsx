import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { breakGlassQuery } from '../api/access-queries.ts';
import type { Schemas } from '../api/client.ts';
import { EndButton } from '../break-glass/end-button.tsx';
import { Countdown } from '../parts/clock.tsx';
import classes from './shell.module.css';

/** On every page while somebody holds a role in an emergency: who, which, for how long; whoever holds it can give it back. */
export function BreakGlassBanner({ me }: { me: Schemas['Me'] }) {
  const { data } = useQuery(breakGlassQuery);
  const active = (data?.items ?? []).filter((grant) => grant.active);
  if (active.length === 0) return null;
  return (
    <div className={classes.stopped} role="alert">
      {active.map((grant) => (
        <div key={grant.id}>
          <IconAlertTriangle size={16} aria-hidden />
          <span style={{ flex: 1 }}><strong>{grant.principal_id === me.principal.id ? `You hold ${grant.role}` : `${grant.display_name} holds ${grant.role}`} in an emergency</strong>, for another <Countdown at={grant.ends_at} over="moment" />. Everything done meanwhile becomes evidence.</span>
          {grant.principal_id === me.principal.id ? <EndButton grant={grant} /> : null}
        </div>
      ))}
    </div>
  );
}
