import { Checkbox, Chip, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { OUTCOMES, type Outcome } from '@countersign/contracts/policy/decision.ts';
import { useEffect, useState } from 'react';
import { TimeInput } from '../parts/time-input.tsx';
import { ENVIRONMENTS, type DecisionFilter } from './decision-filter.ts';

const TYPING_PAUSE_MS = 300;
const TEXTS = [
  { name: 'action', label: 'Action', placeholder: 'connector/action', width: 200 },
  { name: 'rule', label: 'Rule', placeholder: 'tenant/no_writes', width: 190 },
  { name: 'workflow', label: 'Workflow', placeholder: 'Any workflow', width: 160 },
  { name: 'run', label: 'Run', placeholder: 'run_', width: 160 },
] as const;
type Texts = Pick<DecisionFilter, (typeof TEXTS)[number]['name']>;

export function DecisionFilters({ filter, onChange }: { filter: DecisionFilter; onChange: (filter: DecisionFilter) => void }) {
  const { action, rule, workflow, run } = filter;
  const [texts, setTexts] = useState<Texts>({ action, rule, workflow, run });
  useEffect(() => setTexts({ action, rule, workflow, run }), [action, rule, workflow, run]);
  const change = (next: Partial<DecisionFilter>): void => onChange({ ...filter, cursor: null, ...next });
  const search = useDebouncedCallback((next: Texts) => change(next), TYPING_PAUSE_MS);
  const write = (name: keyof Texts, text: string): void => {
    const next = { ...texts, [name]: text };
    setTexts(next);
    search({ action: next.action.trim(), rule: next.rule.trim(), workflow: next.workflow.trim(), run: next.run.trim() });
  };
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label="Filter the decisions">
      <NativeSelect label="Environment" size="xs" value={filter.environment} onChange={(event) => change({ environment: ENVIRONMENTS.find((name) => name === event.currentTarget.value) ?? '' })} data={[{ value: '', label: 'Any' }, ...ENVIRONMENTS]} />
      {TEXTS.map(({ name, label, placeholder, width }) => <TextInput key={name} type="search" size="xs" label={label} placeholder={placeholder} w={{ base: '100%', xs: width }} maxLength={200} value={texts[name]} onChange={(event) => write(name, event.currentTarget.value)} />)}
      <TimeInput label="From (UTC)" value={filter.from} onChange={(from) => change({ from })} />
      <TimeInput label="Until (UTC)" value={filter.to} onChange={(to) => change({ to })} />
      <Chip.Group multiple value={filter.outcome} onChange={(outcome) => change({ outcome: outcome as Outcome[] })}>
        <Group gap={6} role="group" aria-label="Outcomes">
          {OUTCOMES.map((outcome) => <Chip key={outcome} value={outcome} size="xs" variant="outline">{outcome}</Chip>)}
        </Group>
      </Chip.Group>
      <Checkbox size="xs" label="Only where a shadow differs" checked={filter.differs} onChange={(event) => change({ differs: event.currentTarget.checked })} />
    </Group>
  );
}
