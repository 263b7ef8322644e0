import { Button, Checkbox, Chip, Collapse, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Schemas } from '../api/client.ts';
import { TimeInput } from '../parts/time-input.tsx';
import { ALL_RUN_STATES, ANY_RUN, askedFor, ENVIRONMENTS, type RunFilter } from './run-filter.ts';

const TYPING_PAUSE_MS = 300;
const TEXTS = [
  { name: 'workflow', label: 'Workflow', placeholder: 'Any workflow', width: 170, maxLength: 200 },
  { name: 'step', label: 'Step', placeholder: 'Any step', width: 130, maxLength: 200 },
  { name: 'error_code', label: 'Error code', placeholder: 'attempts_exhausted', width: 180, maxLength: 100 },
] as const;
const SPANS = [{ value: '', label: 'Any time' }, { value: '60', label: 'The last hour' }, { value: '1440', label: 'The last day' }, { value: '10080', label: 'The last week' }];
type Texts = Pick<RunFilter, 'q' | (typeof TEXTS)[number]['name']>;

interface Props {
  filter: RunFilter;
  onChange: (filter: RunFilter) => void;
}

/** What is looked for: by ticket and state at once, by everything else one click further, which is open while it filters. */
export function RunFilters({ filter, onChange }: Props) {
  const hidden = askedFor({ ...filter, state: [], q: '' });
  const [opened, { toggle }] = useDisclosure(hidden > 0);
  const { q, workflow, step, error_code } = filter;
  const [texts, setTexts] = useState<Texts>({ q, workflow, step, error_code });
  useEffect(() => setTexts({ q, workflow, step, error_code }), [q, workflow, step, error_code]);
  const change = (next: Partial<RunFilter>): void => onChange({ ...filter, cursor: null, ...next });
  const search = useDebouncedCallback((next: Texts) => change({ q: next.q.trim(), workflow: next.workflow.trim(), step: next.step.trim(), error_code: next.error_code.trim() }), TYPING_PAUSE_MS);
  const write = (name: keyof Texts, text: string): void => {
    const next = { ...texts, [name]: text };
    setTexts(next);
    search(next);
  };
  return (
    <div role="search" aria-label="Filter the runs">
      <Group gap="sm">
        <TextInput type="search" w={{ base: '100%', xs: 260 }} size="sm" placeholder="Ticket or run id" aria-label="Part of a ticket number or run id" maxLength={100} leftSection={<IconSearch size={15} aria-hidden />} value={texts.q} onChange={(event) => write('q', event.currentTarget.value)} />
        <Chip.Group multiple value={filter.state} onChange={(state) => change({ state: state as Schemas['RunState'][] })}>
          <Group gap={6} role="group" aria-label="States">
            {ALL_RUN_STATES.map((state) => <Chip key={state} value={state} size="xs" variant="outline">{state}</Chip>)}
          </Group>
        </Chip.Group>
        <Button size="xs" variant="default" leftSection={<IconAdjustmentsHorizontal size={15} aria-hidden />} aria-expanded={opened} onClick={toggle}>{hidden === 0 ? 'More filters' : `More filters (${hidden})`}</Button>
        {askedFor(filter) === 0 ? null : <Button size="xs" variant="subtle" onClick={() => onChange(ANY_RUN)}>Clear</Button>}
      </Group>
      <Collapse expanded={opened}>
        <Group gap="sm" align="flex-end" pt="sm">
          <NativeSelect label="Environment" size="xs" value={filter.environment} onChange={(event) => change({ environment: ENVIRONMENTS.find((name) => name === event.currentTarget.value) ?? '' })} data={[{ value: '', label: 'Any' }, ...ENVIRONMENTS]} />
          {TEXTS.map(({ name, label, placeholder, width, maxLength }) => <TextInput key={name} type="search" size="xs" label={label} placeholder={placeholder} w={{ base: '100%', xs: width }} maxLength={maxLength} value={texts[name]} onChange={(event) => write(name, event.currentTarget.value)} />)}
          <NativeSelect label="Began" size="xs" value={String(filter.last_minutes ?? '')} onChange={(event) => change({ last_minutes: event.currentTarget.value === '' ? null : Number(event.currentTarget.value), from: '' })} data={spansWith(filter.last_minutes)} />
          {filter.last_minutes === null ? <TimeInput label="From (UTC)" value={filter.from} onChange={(from) => change({ from })} /> : null}
          <TimeInput label="Until (UTC)" value={filter.to} onChange={(to) => change({ to })} />
          <Checkbox size="xs" label="Paused" checked={filter.paused} onChange={(event) => change({ paused: event.currentTarget.checked })} />
          <Checkbox size="xs" label="A person must look at it" checked={filter.attention} onChange={(event) => change({ attention: event.currentTarget.checked })} />
        </Group>
      </Collapse>
    </div>
  );
}

/** The spans to choose from, and the one that a kept search or an address asks for. */
function spansWith(last_minutes: number | null): Array<{ value: string; label: string }> {
  const value = String(last_minutes ?? '');
  return SPANS.some((span) => span.value === value) ? SPANS : [...SPANS, { value, label: `The last ${value} minutes` }];
}
