import { Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, ifMatch, type Schemas } from '../api/client.ts';
import { sessionLimitsQuery } from '../api/people-queries.ts';
import { meQuery } from '../api/queries.ts';
import { formatDuration } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { formOf, wishOf, wrongWith } from './session-form.ts';

type Limits = Schemas['SessionLimits'];

/** How long whoever has signed in stays signed in, by whichever way. */
export function SessionLimits() {
  const query = useQuery(sessionLimitsQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [changing, setChanging] = useState<Limits | null>(null);
  return (
    <Section
      title="How long sessions last"
      note="By whichever way one signs in"
      actions={query.data === undefined ? undefined : <ReasonButton size="xs" variant="default" permission={allOf(mayCall('putSessionLimits', me, 'Changing how long sessions last'), home)} onClick={() => setChanging(query.data)}>Change</ReasonButton>}
    >
      <AsyncView query={query} what="how long sessions last" skeletonRows={1}>
        {({ idle_s, absolute_s, set_at, set_by }) => (
          <Facts facts={[
            { name: 'Unused, they end after', value: formatDuration(idle_s * 1_000) },
            { name: 'In all, after', value: formatDuration(absolute_s * 1_000) },
            { name: 'Set', value: set_at === null ? 'never: these are the defaults' : <><TimeAgo at={set_at} />{set_by === null ? null : <> by <CopyId id={set_by} what="who set it" /></>}</> },
          ]} />
        )}
      </AsyncView>
      {changing === null ? null : <ChangeModal read={changing} onClose={() => setChanging(null)} />}
    </Section>
  );
}

function ChangeModal({ read, onClose }: { read: Limits; onClose: () => void }) {
  const [form, setForm] = useState(formOf(read));
  const put = useAct({
    act: () => dataOf(api.PUT('/api/v1/session-limits', { params: { header: ifMatch(`"${read.version}"`) }, body: wishOf(form) })),
    says: () => 'Sessions last as long from now on',
    touches: ['session-limits', 'sessions'],
    onDone: onClose,
  });
  const field = (name: keyof typeof form, label: string, description: string) => (
    <TextInput label={label} description={description} required inputMode="decimal" rightSection={<Text size="xs" c="dimmed" pr="xs">hours</Text>} rightSectionWidth={52} value={form[name]} onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })} />
  );
  return (
    <FormModal title="Change how long sessions last" confirm="Set it" wrong={wrongWith(form)} pending={put.isPending} error={put.error} onClose={onClose} onSubmit={() => put.mutate(undefined)}>
      {field('idle', 'Unused', 'A session that nobody uses for so long has ended; from 5 minutes to a day.')}
      {field('absolute', 'In all', 'A session that is so old has ended, however much it is used; from a quarter of an hour to 30 days.')}
      <Text size="sm">Sessions that there are become as short at once, yours among them. None becomes longer.</Text>
    </FormModal>
  );
}
