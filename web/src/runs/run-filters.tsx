import { Chip, Group, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Schemas } from '../api/client.ts';
import type { RunFilter } from '../api/queries.ts';
import { ALL_RUN_STATES } from './run-filter.ts';

const TYPING_PAUSE_MS = 300;

export function RunFilters({ filter, onChange }: { filter: RunFilter; onChange: (filter: RunFilter) => void }) {
  const [q, setQ] = useState(filter.q);
  useEffect(() => setQ(filter.q), [filter.q]);
  const search = useDebouncedCallback((text: string) => onChange({ ...filter, q: text.trim(), cursor: null }), TYPING_PAUSE_MS);
  return (
    <Group gap="sm" role="search" aria-label="Filter the runs">
      <TextInput
        type="search"
        w={{ base: '100%', xs: 260 }}
        size="sm"
        placeholder="Ticket or run id"
        aria-label="Part of a ticket number or run id"
        maxLength={100}
        leftSection={<IconSearch size={15} aria-hidden />}
        value={q}
        onChange={(event) => {
          setQ(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
      />
      <Chip.Group multiple value={filter.state} onChange={(state) => onChange({ ...filter, state: state as Schemas['RunState'][], cursor: null })}>
        <Group gap={6} role="group" aria-label="States">
          {ALL_RUN_STATES.map((state) => <Chip key={state} value={state} size="xs" variant="outline">{state}</Chip>)}
        </Group>
      </Chip.Group>
    </Group>
  );
}
