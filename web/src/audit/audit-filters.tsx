import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { AUDIT_EVENT_TYPES } from '@countersign/contracts/events/audit-event.ts';
import { useState } from 'react';
import { TimeInput } from '../parts/time-input.tsx';
import { addressOf, ANY_EVENT, type AuditFilter } from './audit-filter.ts';

const TYPING_PAUSE_MS = 300;

interface Props {
  filter: AuditFilter;
  onChange: (next: Partial<AuditFilter>) => void;
}

/** By what, by whom, to what, in which run, when: all that is filled in must hold. */
export function AuditFilters({ filter, onChange }: Props) {
  const filtered = Object.keys(addressOf({ ...filter, cursor: null })).length > 0;
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label="Filter the events">
      <Select size="xs" label="Event" placeholder="Any" clearable searchable w={210} data={[...AUDIT_EVENT_TYPES]} value={filter.type === '' ? null : filter.type} onChange={(type) => onChange({ type: type ?? '' })} clearButtonProps={{ 'aria-label': 'Any event' }} />
      <IdInput key={`actor ${filter.actor}`} label="Actor" value={filter.actor} onChange={(actor) => onChange({ actor })} />
      <IdInput key={`subject ${filter.subject}`} label="Subject" value={filter.subject} onChange={(subject) => onChange({ subject })} />
      <IdInput key={`run ${filter.runId}`} label="Run id" value={filter.runId} onChange={(runId) => onChange({ runId })} />
      <TimeInput label="From (UTC)" value={filter.from} onChange={(from) => onChange({ from })} />
      <TimeInput label="Until (UTC)" value={filter.to} onChange={(to) => onChange({ to })} />
      {filtered ? <Button size="xs" variant="default" onClick={() => onChange(ANY_EVENT)}>Clear</Button> : null}
    </Group>
  );
}

function IdInput({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const search = useDebouncedCallback((wanted: string) => onChange(wanted.trim()), TYPING_PAUSE_MS);
  return <TextInput size="xs" type="search" label={label} placeholder="Id" w={170} spellCheck={false} value={text} onChange={(event) => { setText(event.currentTarget.value); search(event.currentTarget.value); }} />;
}
