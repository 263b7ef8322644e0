import { Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { serviceAccountsQuery } from '../api/machine-queries.ts';
import { groupsQuery, peopleQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { choicesOf, withChosen, type Choice } from './grantees.ts';

const TYPING_PAUSE_MS = 250;

/** One person, group or service account, found by a part of its name. People are looked for on the server: there may be thousands. */
export function GranteeSelect({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const { data: me } = useQuery(meQuery);
  // People and groups are the tenant's: they are listed in its home workspace only.
  const home = useHomeOnly();
  const may = (operation: 'listPeople' | 'listGroups' | 'listServiceAccounts'): boolean => allOf(mayCall(operation, me, ''), home).allowed;
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Choice | null>(null);
  // What is chosen stands in the field as text: that is no search.
  const [looked] = useDebouncedValue(search === chosen?.label ? '' : search.trim(), TYPING_PAUSE_MS);
  const people = useQuery({ ...peopleQuery(looked), enabled: may('listPeople') });
  const groups = useQuery({ ...groupsQuery, enabled: may('listGroups') });
  const accounts = useQuery({ ...serviceAccountsQuery, enabled: may('listServiceAccounts') });
  if (me !== undefined && !may('listPeople')) {
    return <TextInput label="To" description={`The id of a person or of a service account (prn_...). ${home.allowed ? 'You may not look for people.' : 'People can be looked for in the home workspace.'}`} required data-autofocus value={value} onChange={(event) => onChange(event.currentTarget.value.trim())} />;
  }
  return (
    <Select
      label="To"
      description="A person, a group or a service account, by a part of the name or address."
      placeholder="Search"
      required
      data-autofocus
      searchable
      // A list of its own that scrolls could not be reached by keyboard while the field has the focus.
      withScrollArea={false}
      styles={{ dropdown: { maxHeight: 240, overflowY: 'auto' } }}
      clearable
      data={withChosen(choicesOf({ people: people.data?.items ?? [], groups: groups.data?.items ?? [], accounts: accounts.data?.items ?? [] }), chosen)}
      value={value === '' ? null : value}
      onChange={(id, option) => {
        setChosen(id === null || option === null ? null : { value: id, label: option.label });
        onChange(id ?? '');
      }}
      searchValue={search}
      onSearchChange={setSearch}
      nothingFoundMessage={people.isFetching ? 'Looking' : 'Nobody has that in their name or address'}
      clearButtonProps={{ 'aria-label': 'Choose nobody' }}
      error={people.isError ? 'People cannot be looked for just now: try again.' : undefined}
    />
  );
}
