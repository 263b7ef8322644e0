import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { Anchor, Button, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { countOf } from '../format/count.ts';
import { Countdown } from '../parts/clock.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';

type Step = Schemas['TimelineStep'];

const STEPS_AT_ONCE = 10;

/** What has not ended: who holds it and until when, or what it waits for and until when, and when it is tried next. */
export function OpenSteps({ steps }: { steps: readonly Step[] }) {
  const [shown, setShown] = useState(STEPS_AT_ONCE);
  const open = tellingFirst(steps.filter(({ lease, waiting_for }) => lease !== null || waiting_for !== null));
  if (open.length === 0) return null;
  return (
    <section className="panel" aria-label="Where it stands">
      <header><Title order={2}>Where it stands</Title><Text size="xs" c="dimmed">{countOf(open.length, 'step has', 'steps have')} not ended</Text></header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="Open steps">
        <Table>
          <Table.Thead><Table.Tr>{['Step', 'State', 'Attempt', 'Held by', 'Waits for', 'Next attempt'].map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {open.slice(0, shown).map((step) => (
              <Table.Tr key={step.id}>
                <Table.Td style={{ whiteSpace: 'nowrap' }}><strong>{step.key}</strong><Text size="xs" c="dimmed" className="mono">{step.uses}</Text></Table.Td>
                <Table.Td><StateBadge state={step.state} look={STEP_LOOKS[step.state]} /></Table.Td>
                <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>{step.attempt} of {step.max_attempts}</Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}><Lease lease={step.lease} /></Table.Td>
                <Table.Td><WaitingFor waiting={step.waiting_for} /></Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>{step.next_attempt_at === null ? null : <>in <Countdown at={step.next_attempt_at} over="a moment" /></>}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {open.length > shown ? <Button size="xs" variant="default" m="sm" onClick={() => setShown(shown + STEPS_AT_ONCE * 4)}>Show more of {open.length}</Button> : null}
    </section>
  );
}

/** Steps of the workflow before those of items, and what is held or asked before what merely has its turn still to come. */
function tellingFirst(steps: readonly Step[]): Step[] {
  const place = ({ key, lease, waiting_for }: Step): number => (itemKeyOf(key) === null ? 0 : lease !== null || waiting_for?.kind !== 'worker' ? 1 : 2);
  return [...steps].sort((one, other) => place(one) - place(other));
}

function Lease({ lease }: { lease: Step['lease'] }) {
  if (lease === null) return <Text span c="dimmed" inherit>nobody</Text>;
  return (
    <>
      <span className="mono">{lease.worker}</span>
      <Text size="xs" c={lease.expired ? 'var(--cs-bad)' : 'dimmed'}>fence {lease.fence}, {lease.expired ? 'the lease expired: a sweep takes the step back' : <>lease for <Countdown at={lease.expires_at} over="a moment" /></>}</Text>
    </>
  );
}

function WaitingFor({ waiting }: { waiting: Step['waiting_for'] }) {
  if (waiting === null) return <Text span c="dimmed" inherit>it is at work</Text>;
  return (
    <>
      {waiting.message}
      {waiting.until === null ? null : <Text size="xs" c="dimmed" component="div"><Countdown at={waiting.until} over="its time is over" /> left</Text>}
      {waiting.approval_id === null ? null : <div><Anchor underline="always" component={Link} to={`/approvals?selected=${waiting.approval_id}`}>Decide in the inbox</Anchor></div>}
    </>
  );
}
