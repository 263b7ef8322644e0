import { Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, ifMatch, type Schemas, type Tagged } from '../api/client.ts';
import { retentionQuery } from '../api/privacy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { countOf } from '../format/count.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { formOf, shortens, wishOf, wrongWith } from './retention-form.ts';

/** The three times of a tenant, and the way to change them. */
export function RetentionCard() {
  const query = useQuery(retentionQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [changing, setChanging] = useState<Tagged<Schemas['Retention']> | null>(null);
  return (
    <Section
      title="Retention"
      note="A legal hold goes before it"
      actions={query.data === undefined ? undefined : <ReasonButton size="xs" variant="default" permission={allOf(mayCall('putRetention', me, 'Changing the retention'), home)} onClick={() => setChanging(query.data)}>Change</ReasonButton>}
    >
      <AsyncView query={query} what="the retention" skeletonRows={2}>
        {({ data }) => (
          <Facts facts={[
            { name: 'Content: what tickets say and models answer', value: data.content_days === null ? `${inDays(data.content_default_days)}, the cell's default` : inDays(data.content_days) },
            { name: 'How runs were carried out', value: data.operational_days === null ? 'for ever' : inDays(data.operational_days) },
            { name: 'Bodies of audit events', value: data.audit_days === null ? 'for ever' : inDays(data.audit_days) },
            { name: 'Set', value: data.set_at === null ? 'never: these are the defaults' : <><TimeAgo at={data.set_at} /> {data.set_by === null ? null : <>by <CopyId id={data.set_by} what="who set it" /></>}</> },
          ]} />
        )}
      </AsyncView>
      {changing === null ? null : <ChangeModal read={changing} onClose={() => setChanging(null)} />}
    </Section>
  );
}

function ChangeModal({ read, onClose }: { read: Tagged<Schemas['Retention']>; onClose: () => void }) {
  const [form, setForm] = useState(() => formOf(read.data));
  const wrong = wrongWith(form);
  const put = useAct({
    act: () => dataOf(api.PUT('/api/v1/retention', { params: { header: ifMatch(read.etag) }, body: wishOf(form) })),
    says: () => 'The retention holds from now on',
    touches: ['retention'],
    onDone: onClose,
  });
  const field = (name: keyof typeof form, label: string, description: string) => (
    <TextInput label={label} description={description} inputMode="numeric" rightSection={<Text size="xs" c="dimmed" pr="xs">days</Text>} rightSectionWidth={48} value={form[name]} onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })} />
  );
  return (
    <FormModal title="Change the retention" confirm="Set it" danger={wrong === null && shortens(read.data, wishOf(form))} wrong={wrong} pending={put.isPending} error={put.error} onClose={onClose} onSubmit={() => put.mutate(undefined)}>
      {field('content', 'Content', `What tickets say, models answer and people typed as reasons. Empty: ${inDays(read.data.content_default_days)}. 0: only while its run needs it.`)}
      {field('operational', 'How runs were carried out', 'Attempts, errors and receipts of calls, inputs of decisions, ended sessions. Empty: for ever.')}
      {field('audit', 'Bodies of audit events', 'At least a year. Their digests and proofs stay. Empty: for ever.')}
      {wrong === null && shortens(read.data, wishOf(form)) ? <Notice tone="wait" title="This keeps something for a shorter time">It begins with the next sweep, within minutes. What is gone stays gone.</Notice> : null}
    </FormModal>
  );
}

function inDays(days: number): string {
  return days === 0 ? 'only while its run needs it' : countOf(days, 'day');
}
