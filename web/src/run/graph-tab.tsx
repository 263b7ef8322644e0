import { Loader, Table } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';
import type { Run } from '../api/client.ts';
import { countOf } from '../format/count.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';
import { foldItems } from './fold-items.ts';

const StepGraph = lazy(async () => ({ default: (await import('../parts/step-graph.tsx')).StepGraph }));

/** The steps as a graph, and the same as a table for who does not see or point. */
export function GraphTab({ run }: { run: Run }) {
  // A map is one box, whatever it goes over: its items are in the story and in the timeline.
  const steps = useMemo(() => foldItems(run.steps.map((step) => ({ step }))).map(({ story: { step: { key, uses, needs, state } }, items }) => ({
    key, uses: items.length === 0 ? uses : `${uses}, ${countOf(items.length, 'item')}`, needs, state: { name: state, look: STEP_LOOKS[state] },
  })), [run.steps]);
  return (
    <div className="panel">
      <div className="table-panel" tabIndex={0} role="region" aria-label="Steps as a table">
        <Table>
          <Table.Thead><Table.Tr><Table.Th scope="col">Step</Table.Th><Table.Th scope="col">Uses</Table.Th><Table.Th scope="col">After</Table.Th><Table.Th scope="col">State</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {steps.map(({ key, uses, needs, state }) => (
              <Table.Tr key={key}><Table.Td fw={550}>{key}</Table.Td><Table.Td className="mono">{uses}</Table.Td><Table.Td>{needs.join(', ') || 'the trigger'}</Table.Td><Table.Td><StateBadge state={state.name} look={state.look} /></Table.Td></Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Suspense fallback={<Loader size="sm" m="md" />}><StepGraph steps={steps} height={300} /></Suspense>
    </div>
  );
}
