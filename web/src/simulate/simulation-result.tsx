import { Anchor, Group, Text, Title } from '@mantine/core';
import { IconArrowRight, IconEqual, IconEqualNot } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { differencesOf } from '../decisions/differences.ts';
import { Explanation } from '../decisions/explanation.tsx';
import { ObligationFacts } from '../decisions/obligation-facts.tsx';
import { formatMicros } from '../format/time.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Facts } from '../parts/page.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { OUTCOME_LOOKS } from '../parts/state-look.ts';

/** What would be decided, beside what was; and why, line by line. */
export function SimulationResult({ simulation }: { simulation: Schemas['Simulation'] }) {
  const { decision, explain, policy, recorded, input_digest, evaluated_us } = simulation;
  const differences = recorded === null ? [] : differencesOf(recorded, decision);
  return (
    <>
      <section className="panel" aria-label="Answer">
        <header>
          <Group gap="sm">
            <Title order={2}>Would be</Title>
            {recorded === null ? null : <><StateBadge state={recorded.outcome} look={OUTCOME_LOOKS[recorded.outcome]} /><IconArrowRight size={15} aria-label="becomes" /></>}
            <StateBadge state={decision.outcome} look={OUTCOME_LOOKS[decision.outcome]} />
          </Group>
          {recorded === null ? null : <StateBadge state={simulation.differs === true ? 'differs' : 'the same'} look={simulation.differs === true ? { tone: 'wait', icon: IconEqualNot, meaning: 'It would be another decision' } : { tone: 'idle', icon: IconEqual, meaning: 'It would be this decision' }} />}
        </header>
        {differences.length === 0 ? null : <ul style={{ margin: 0, padding: '10px 16px 0 34px' }}>{differences.map((words) => <li key={words}>{words}</li>)}</ul>}
        <Explanation explain={explain} />
        {decision.shadow === undefined ? null : <Text size="sm" px="md" pb="sm">With the rules in shadow mode binding it would be <strong>{String(decision.shadow['outcome'])}</strong>.</Text>}
        <Facts
          facts={[
            { name: 'Asked', value: <>the policy of {policy.environment}, <CopyId id={policy.revision} what="revision" /></> },
            ...(policy.stack_digest === null ? [] : [{ name: 'Digest of the stack', value: <CopyId id={policy.stack_digest} what="stack digest" /> }]),
            ...(recorded === null ? [] : [{ name: 'As it was decided', value: <Anchor component={Link} to={`/decisions/${recorded.id}`}>the decision</Anchor> }]),
            { name: 'Input', value: <CopyId id={input_digest} what="input digest" /> },
            { name: 'Took', value: formatMicros(evaluated_us) },
          ]}
        />
      </section>
      <ObligationFacts obligations={decision.obligations} />
    </>
  );
}
