import { ActionIcon, Button, Fieldset, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { AccountSelect } from './account-select.tsx';
import { conditionsOf, FIRST_CONDITION, wrongWith, type ConditionRow } from './conditions.ts';
import { ScopesInput } from './scopes.tsx';

/** Trusts tokens of an issuer, where all conditions hold. */
export function FederationModal({ onClose }: { onClose: () => void }) {
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [issuer, setIssuer] = useState('');
  const [audience, setAudience] = useState(window.location.origin);
  const [principal_id, setPrincipal] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [rows, setRows] = useState<ConditionRow[]>([FIRST_CONDITION]);
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/federations', { body: { name: name.trim(), issuer: issuer.trim(), audience: audience.trim(), principal_id, scopes, conditions: conditionsOf(rows) } })),
    says: (made) => `Tokens of ${made.issuer} are exchanged from now on, where all conditions hold`,
    touches: ['federations', 'service-accounts'],
    onDone: onClose,
  });
  const wrong = name.trim() === '' ? 'Give it a name.' : !URL.canParse(issuer.trim()) ? 'The issuer is an address, as its tokens say it.' : audience.trim() === '' ? 'Say what its tokens must be made for.'
    : principal_id === '' ? 'Choose whom it acts for.' : scopes.length === 0 ? 'Choose what it may do.' : wrongWith(rows);
  return (
    <FormModal title="Trust an issuer" confirm="Trust it" size="lg" wrong={wrong} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput label="Issuer" description="For GitHub Actions: https://token.actions.githubusercontent.com" required maxLength={500} spellCheck={false} value={issuer} onChange={(event) => setIssuer(event.currentTarget.value)} />
      <TextInput label="Audience" description="What its tokens must be made for." required maxLength={500} spellCheck={false} value={audience} onChange={(event) => setAudience(event.currentTarget.value)} />
      <Conditions rows={rows} onChange={setRows} />
      <AccountSelect value={principal_id} onChange={setPrincipal} />
      <ScopesInput label="May" description="Out of what you hold yourself." value={scopes} onChange={setScopes} from={me?.permissions} />
    </FormModal>
  );
}

function Conditions({ rows, onChange }: { rows: readonly ConditionRow[]; onChange: (rows: ConditionRow[]) => void }) {
  const change = (place: number, part: Partial<ConditionRow>): void => onChange(rows.map((row, nth) => (nth === place ? { ...row, ...part } : row)));
  return (
    <Fieldset legend="Where all of these hold">
      <Stack gap="xs">
        {rows.map((row, place) => (
          <Group key={place} gap="xs" wrap="nowrap">
            <TextInput aria-label={`Claim ${place + 1}`} placeholder="claim" w={130} spellCheck={false} value={row.claim} onChange={(event) => change(place, { claim: event.currentTarget.value })} />
            <NativeSelect aria-label={`How claim ${place + 1} is compared`} w={120} data={[{ value: 'equals', label: 'is exactly' }, { value: 'glob', label: 'fits (with *)' }]} value={row.how} onChange={(event) => change(place, { how: event.currentTarget.value === 'glob' ? 'glob' : 'equals' })} />
            <TextInput aria-label={`Value of claim ${place + 1}`} placeholder="repo:acme/desk:ref:refs/heads/main" style={{ flex: 1 }} spellCheck={false} value={row.value} onChange={(event) => change(place, { value: event.currentTarget.value })} />
            <ActionIcon variant="default" size={34} aria-label={`Take condition ${place + 1} away`} disabled={rows.length === 1} onClick={() => onChange(rows.filter((_row, nth) => nth !== place))}><IconTrash size={15} aria-hidden /></ActionIcon>
          </Group>
        ))}
        <Group><Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange([...rows, { claim: '', how: 'equals', value: '' }])}>Another condition</Button></Group>
      </Stack>
    </Fieldset>
  );
}
