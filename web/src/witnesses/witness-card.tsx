import { Group, Text, Title } from '@mantine/core';
import { IconCheck, IconClockHour4, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import type { StateLook } from '../parts/state-look.ts';
import { useWorkspaceName } from '../workspaces/use-workspace-name.ts';
import type { LastCosignature } from './last-cosignature.ts';

type Witness = Schemas['Witness'];

const LOOKS: Record<'countersigns' | 'refuses' | 'fails' | 'not asked yet', StateLook> = {
  countersigns: { tone: 'ok', icon: IconCheck, meaning: 'It has countersigned, and its last answer was no error' },
  refuses: { tone: 'bad', icon: IconX, meaning: 'It says that it was shown another history before. That is what a witness is for: find out why' },
  fails: { tone: 'wait', icon: IconClockHour4, meaning: 'It did not answer as it must. It is asked again' },
  'not asked yet': { tone: 'idle', icon: IconClockHour4, meaning: 'It is shown the next checkpoint that is signed' },
};

/** One witness, and up to where it vouches in each workspace. `last` is what it countersigned last in this one; `children` are what can be done with it. */
export function WitnessCard({ witness, last, children }: { witness: Witness; last: LastCosignature | null; children: ReactNode }) {
  const state = stateOf(witness);
  return (
    <section className="panel" aria-label={`Witness ${witness.name}`}>
      <header>
        <Group gap="sm"><Title order={2}>{witness.name}</Title><StateBadge state={state} look={LOOKS[state]} /></Group>
        <Group gap="xs">{children}</Group>
      </header>
      <Facts
        facts={[
          { name: 'Asked at', value: witness.url },
          { name: 'Its key', value: <CopyId id={witness.vkey} what="key of the witness" /> },
          { name: 'Last cosignature here', value: last === null ? 'none of late' : <><TimeAgo at={last.cosigned_at} />, of {last.size.toLocaleString('en')} events</> },
          { name: 'Evidence', value: witness.required ? 'waits for its cosignature' : 'does not wait for it' },
          { name: 'Added', value: <TimeAgo at={witness.created_at} /> },
          { name: 'Witness', value: <CopyId id={witness.id} what="witness id" /> },
        ]}
      />
      <Positions witness={witness} />
    </section>
  );
}

/** The worst that any chain says. */
function stateOf({ positions }: Witness): keyof typeof LOOKS {
  if (positions.some(({ refused }) => refused)) return 'refuses';
  if (positions.some(({ last_error }) => last_error !== null)) return 'fails';
  return positions.some(({ size }) => size > 0) ? 'countersigns' : 'not asked yet';
}

function Positions({ witness: { name, positions } }: { witness: Witness }) {
  const nameOf = useWorkspaceName();
  if (positions.length === 0) return <Text size="sm" c="dimmed" px="md" pb="md">It was shown nothing yet: the next checkpoint that is signed is its first.</Text>;
  return (
    <DataTable
      label={`What ${name} vouches for, as a table`}
      rows={positions}
      rowKey={({ workspace_id }) => workspace_id}
      columns={[
        { name: 'Workspace', cell: ({ workspace_id }) => nameOf(workspace_id) },
        { name: 'Vouches up to event', cell: ({ size }) => (size === 0 ? 'none' : <span className="tabular">{size.toLocaleString('en')}</span>) },
        { name: 'What it said last', cell: ({ last_error, refused }) => (last_error === null ? 'its cosignature' : <Text inherit c={refused ? 'var(--cs-bad)' : 'var(--cs-wait)'} style={{ overflowWrap: 'anywhere' }}>{last_error}</Text>) },
      ]}
    />
  );
}
