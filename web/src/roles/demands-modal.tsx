import { ActionIcon, Fieldset, Group, MultiSelect, NativeSelect, Select, Stack, Text, TextInput } from '@mantine/core';
import { EVERY_ROLE, PERMISSION_NAMES } from '@countersign/contracts/openapi/permissions.ts';
import { IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { permissionsQuery } from '../api/access-queries.ts';
import { api, dataOf, ifMatch, type Schemas, type Tagged } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { ScopesInput } from '../machines/scopes.tsx';
import { demandsOf, rowsOf, STRENGTHS, wrongWith, type DemandRow } from './demand-rows.ts';

const MAX_EMERGENCY_MINUTES = 480;

/** Changes what is demanded, all at once, in the place of exactly what was read. */
export function DemandsModal({ read, onClose }: { read: Tagged<Schemas['Authorization']>; onClose: () => void }) {
  const { data: table } = useQuery(permissionsQuery);
  const [fourEyes, setFourEyes] = useState(read.data.four_eyes);
  const [rows, setRows] = useState(() => rowsOf(read.data));
  const [roles, setRoles] = useState(read.data.break_glass.roles);
  const [minutes, setMinutes] = useState(String(read.data.break_glass.max_duration_s / 60));
  const badMinutes = !/^\d+$/.test(minutes) || Number(minutes) < 1 || Number(minutes) > MAX_EMERGENCY_MINUTES;
  const put = useAct({
    act: () => dataOf(api.PUT('/api/v1/authorization', {
      params: { header: ifMatch(read.etag) },
      body: { four_eyes: fourEyes, ...demandsOf(rows), break_glass: { roles, max_duration_s: Number(minutes) * 60 } },
    })),
    says: () => 'It is demanded from now on',
    touches: ['authorization'],
    onDone: onClose,
  });
  const wrong = wrongWith(rows) ?? (badMinutes ? `An emergency lasts from 1 to ${MAX_EMERGENCY_MINUTES} minutes.` : null);
  return (
    <FormModal title="What is demanded on top of roles" confirm="Demand it" size="lg" wrong={wrong} pending={put.isPending} error={put.error} onClose={onClose} onSubmit={() => put.mutate(undefined)}>
      <ScopesInput label="A second person decides" description="What is done with these waits until somebody else agrees." value={fourEyes} onChange={setFourEyes} from={(table?.items ?? []).filter(({ second_person }) => second_person).map(({ name }) => name)} />
      <SignInRows rows={rows} onChange={setRows} />
      <Fieldset legend="In an emergency">
        <Stack gap="sm">
          <MultiSelect label="Roles that may be taken" data={[...EVERY_ROLE]} value={roles} onChange={setRoles} hidePickedOptions />
          <TextInput label="For at most" inputMode="numeric" rightSection={<Text size="xs" c="dimmed">min</Text>} value={minutes} onChange={(event) => setMinutes(event.currentTarget.value)} />
        </Stack>
      </Fieldset>
    </FormModal>
  );
}

function SignInRows({ rows, onChange }: { rows: readonly DemandRow[]; onChange: (rows: DemandRow[]) => void }) {
  const change = (place: number, part: Partial<DemandRow>): void => onChange(rows.map((row, nth) => (nth === place ? { ...row, ...part } : row)));
  const others = PERMISSION_NAMES.filter((name) => !rows.some(({ permission }) => permission === name));
  return (
    <Fieldset legend="Sign-in demanded">
      <Stack gap="sm">
        {rows.map((row, place) => (
          <Group key={row.permission} gap="xs" align="flex-end" wrap="nowrap">
            <NativeSelect style={{ flex: 1 }} label={<code>{row.permission}</code>} data={STRENGTHS.map(({ value, label }) => ({ value, label }))} value={row.strength} onChange={(event) => change(place, { strength: STRENGTHS.find(({ value }) => value === event.currentTarget.value)?.value ?? '' })} />
            <TextInput w={92} aria-label={`Age at most for ${row.permission}, in minutes`} placeholder="any age" inputMode="numeric" rightSection={<Text size="xs" c="dimmed">min</Text>} value={row.minutes} onChange={(event) => change(place, { minutes: event.currentTarget.value })} />
            <ActionIcon variant="default" size={34} aria-label={`Demand nothing for ${row.permission}`} onClick={() => onChange(rows.filter((_row, nth) => nth !== place))}><IconTrash size={15} aria-hidden /></ActionIcon>
          </Group>
        ))}
        <Select aria-label="Demand a sign-in for another permission" placeholder="For a permission" searchable data={others} value={null} onChange={(permission) => { if (permission !== null) onChange([...rows, { permission, strength: 'mfa', minutes: '' }]); }} />
      </Stack>
    </Fieldset>
  );
}
