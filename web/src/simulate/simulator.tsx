import { Group, Loader, SegmentedControl, Text, TextInput } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { ReferenceChoice } from '../policy/reference-choice.tsx';
import { readReference } from '../policy/policy-reference.ts';
import { allOf, given, mayCall } from '../states/role-permission.ts';
import { beginInput, problemsOfInput, readInput } from './simulation-input.ts';
import { SimulationResult } from './simulation-result.tsx';
import classes from './simulate.module.css';

const SourceEditor = lazy(async () => ({ default: (await import('../rego/source-editor.tsx')).SourceEditor }));

interface Props {
  me: Schemas['Me'];
  /** A recorded decision whose input is asked again; null: the input is written here. */
  decisionId: string | null;
  against: string;
  environments: Schemas['PolicyOverview']['environments'];
  onChange: (next: { decision?: string | null; against?: string }) => void;
}

/** The question on one side, the policy that is asked beside it, the answer beneath. */
export function Simulator({ me, decisionId, against, environments, onChange }: Props) {
  const [text, setText] = useState(() => beginInput(me, environments.at(-1)));
  const recorded = decisionId !== null;
  const simulation = useMutation({
    mutationFn: () => {
      const input = recorded ? null : readInput(text);
      const reference = readReference(against) ?? {};
      return dataOf(api.POST('/api/v1/policies/simulate', { body: { subject: input === null ? { decision_id: decisionId?.trim() ?? '' } : { input }, against: reference } }));
    },
  });
  const input = useMemo(() => (recorded ? null : readInput(text)), [recorded, text]);
  const problems = useMemo(() => (recorded ? [] : problemsOfInput(text, simulation.error)), [recorded, text, simulation.error]);
  const permission = allOf(
    mayCall('simulatePolicy', me, 'Simulating'),
    given(readReference(against) !== null, 'Choose the policy that is asked.'),
    given(!recorded || decisionId.trim() !== '', 'Name the decision by its id.'),
    given(recorded || input !== null, 'The input is no JSON object.'),
  );
  const run = (): void => {
    if (permission.allowed && !simulation.isPending) simulation.mutate();
  };
  return (
    <>
      <section className="panel" aria-label="Question">
        <div className={classes.bar}>
          <SegmentedControl aria-label="What is asked" value={recorded ? 'decision' : 'input'} onChange={(value) => onChange({ decision: value === 'decision' ? '' : null })} data={[{ value: 'decision', label: 'A recorded decision' }, { value: 'input', label: 'An input' }]} />
          {recorded ? <TextInput label="Decision" placeholder="dec_" w={{ base: '100%', xs: 320 }} value={decisionId} onChange={(event) => onChange({ decision: event.currentTarget.value })} /> : null}
          <ReferenceChoice label="Policy" value={against} onChange={(value) => onChange({ against: value })} />
          <ReasonButton permission={permission} loading={simulation.isPending} leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={run}>Ask</ReasonButton>
        </div>
        {recorded
          ? <Text size="sm" c="dimmed" px="md" pb="md">What policy was asked then is opened inside the server and does not leave it.</Text>
          : (
            <div className={classes.input}>
              <Suspense fallback={<Loader size="sm" m="md" />}>
                <SourceEditor path="input.json" text={text} language="json" label="The input as JSON. Ctrl and Enter asks; Escape, then Tab, leaves the editor" readOnly={false} problems={problems} coverage={null} place={null} onChange={setText} onCheck={run} />
              </Suspense>
            </div>
          )}
      </section>
      <Group role="status" gap="xs">{simulation.isPending ? <Text size="sm" c="dimmed">Asking.</Text> : null}</Group>
      {simulation.error === null ? null : <ProblemView error={simulation.error} />}
      {simulation.data === undefined ? null : <SimulationResult simulation={simulation.data} />}
    </>
  );
}
