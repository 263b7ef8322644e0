import { MultiSelect, Text, Tooltip } from '@mantine/core';
import { PERMISSION_NAMES } from '@countersign/contracts/openapi/permissions.ts';

const SHOWN = 3;

/** What a key or a token is cut down to; null: all that its owner may. */
export function Scopes({ scopes }: { scopes: readonly string[] | null }) {
  if (scopes === null) return <Text span c="dimmed" inherit>all that its owner may</Text>;
  const more = scopes.length - SHOWN;
  return (
    <Tooltip label={scopes.join(', ')} disabled={more <= 0}>
      <span tabIndex={more > 0 ? 0 : undefined}>{scopes.slice(0, SHOWN).map((scope) => <code key={scope} style={{ marginRight: 6 }}>{scope}</code>)}{more > 0 ? <Text span size="xs" c="dimmed">and {more} more</Text> : null}</span>
    </Tooltip>
  );
}

interface Props {
  label: string;
  description: string;
  value: readonly string[];
  onChange: (scopes: string[]) => void;
  /** What may be chosen from; without it every permission. */
  from?: readonly string[];
}

/** Permissions chosen from the list of all, or of those that one holds oneself. */
export function ScopesInput({ label, description, value, onChange, from = PERMISSION_NAMES }: Props) {
  return <MultiSelect label={label} description={description} placeholder={value.length === 0 ? 'Choose' : undefined} searchable clearable hidePickedOptions data={[...from]} value={[...value]} onChange={onChange} nothingFoundMessage="No such permission" clearButtonProps={{ 'aria-label': 'Choose none' }} />;
}
