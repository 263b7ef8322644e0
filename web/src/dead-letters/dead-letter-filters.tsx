import { Chip, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { TimeInput } from '../parts/time-input.tsx';
import { ENVIRONMENTS } from '../runs/run-filter.ts';
import { BROKEN_STATES, type DeadLetterFilter } from './dead-letter-filter.ts';

const TYPING_PAUSE_MS = 300;
const TEXTS = [
  { name: 'workflow', label: 'Workflow', placeholder: 'Any workflow', width: 170, maxLength: 200 },
  { name: 'step', label: 'Step', placeholder: 'Any step', width: 130, maxLength: 200 },
  { name: 'uses', label: 'Action', placeholder: 'connector/action', width: 200, maxLength: 200 },
  { name: 'code', label: 'Error code', placeholder: 'attempts_exhausted', width: 180, maxLength: 100 },
] as const;
type Texts = Pick<DeadLetterFilter, (typeof TEXTS)[number]['name']>;

export function DeadLetterFilters({ filter, onChange }: { filter: DeadLetterFilter; onChange: (filter: DeadLetterFilter) => void }) {
  const { workflow, step, uses, code } = filter;
  const [texts, setTexts] = useState<Texts>({ workflow, step, uses, code });
  useEffect(() => setTexts({ workflow, step, uses, code }), [workflow, step, uses, code]);
  const change = (next: Partial<DeadLetterFilter>): void => onChange({ ...filter, cursor: null, ...next });
  const search = useDebouncedCallback((next: Texts) => change({ workflow: next.workflow.trim(), step: next.step.trim(), uses: next.uses.trim(), code: next.code.trim() }), TYPING_PAUSE_MS);
  const write = (name: keyof Texts, text: string): void => {
    const next = { ...texts, [name]: text };
    setTexts(next);
    search(next);
  };
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label="Filter the dead letters">
      <NativeSelect label="Environment" size="xs" value={filter.environment} onChange={(event) => change({ environment: ENVIRONMENTS.find((name) => name === event.currentTarget.value) ?? '' })} data={[{ value: '', label: 'Any' }, ...ENVIRONMENTS]} />
      {TEXTS.map(({ name, label, placeholder, width, maxLength }) => <TextInput key={name} type="search" size="xs" label={label} placeholder={placeholder} w={{ base: '100%', xs: width }} maxLength={maxLength} value={texts[name]} onChange={(event) => write(name, event.currentTarget.value)} />)}
      <TimeInput label="Since (UTC)" value={filter.since} onChange={(since) => change({ since })} />
      <Chip.Group multiple value={filter.state.length === 0 ? ['dead'] : filter.state} onChange={(state) => change({ state: BROKEN_STATES.filter((one) => state.includes(one)) })}>
        <Group gap={6} role="group" aria-label="States">
          <Chip value="dead" size="xs" variant="outline">dead: it broke</Chip>
          <Chip value="failed" size="xs" variant="outline">failed: it was refused</Chip>
        </Group>
      </Chip.Group>
    </Group>
  );
}
