import { TextInput } from '@mantine/core';

/** A moment in UTC, to the minute, as every absolute time of the console is; empty for none. */
export function TimeInput({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <TextInput
      type="datetime-local"
      size="xs"
      label={label}
      value={value === '' ? '' : new Date(value).toISOString().slice(0, 16)}
      onChange={(event) => onChange(event.currentTarget.value === '' ? '' : `${event.currentTarget.value}:00Z`)}
    />
  );
}
