import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { serviceAccountsQuery } from '../api/machine-queries.ts';

/** One of the service accounts that work. */
export function AccountSelect({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const { data } = useQuery(serviceAccountsQuery);
  const choices = (data?.items ?? []).filter(({ disabled }) => !disabled).map(({ id, name }) => ({ value: id, label: name }));
  return <NativeSelect label="Acts for" description="A service account; its roles are the most that it may." required data={[{ value: '', label: choices.length === 0 ? 'Make a service account first' : 'Choose' }, ...choices]} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}
