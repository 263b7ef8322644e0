import { Progress, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AccessNav } from '../access/access-nav.tsx';
import { api, dataOf, ifMatch, type Schemas, type Tagged } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { limitsQuery, workspacesQuery } from '../api/tenancy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { amountOf, holding, keyOfQuota, nameOfQuota, wishWith, wrongWith } from './limit-rows.ts';

type Quota = Schemas['Quota'];
type Read = Tagged<Schemas['Limits']>;

const FULL = 100;

/** What the tenant may have and use, what it allows itself, and how much of that is used. */
export function LimitsPage() {
  const query = useQuery(limitsQuery);
  const { data: workspaces } = useQuery(workspacesQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [changing, setChanging] = useState<{ read: Read; quota: Quota } | null>(null);
  const may = allOf(mayCall('putLimits', me, 'Setting a limit'), home);
  const whereOf = ({ workspace_id }: Quota): string => (workspace_id === null ? 'the tenant' : workspaces?.items.find(({ id }) => id === workspace_id)?.name ?? workspace_id);
  return (
    <Page title="Limits" lead="What is over a limit is refused with 429 and when to try again. What is there already stays.">
      <AccessNav />
      <AsyncView query={query} what="limits">
        {(read) => (
          <DataTable
            framed
            label="Limits as a table"
            rows={read.data.quotas}
            rowKey={keyOfQuota}
            columns={[
              { name: 'What', cell: ({ name }) => <Text span inherit fw={550}>{nameOfQuota(name)}</Text> },
              { name: 'Of', cell: whereOf },
              { name: 'Used', cell: (quota) => <Used quota={quota} /> },
              { name: 'Your limit', cell: ({ name, max }) => (max === null ? <Text span c="dimmed" inherit>none of your own</Text> : amountOf(name, max)) },
              { name: 'The cell allows', cell: ({ name, ceiling }) => (ceiling === null ? 'any number' : amountOf(name, ceiling)) },
              { name: 'Set', cell: (quota) => <ReasonButton size="xs" variant="default" permission={may} onClick={() => setChanging({ read, quota })}>Set</ReasonButton> },
            ]}
          />
        )}
      </AsyncView>
      {changing === null ? null : <SetModal {...changing} where={whereOf(changing.quota)} onClose={() => setChanging(null)} />}
    </Page>
  );
}

function Used({ quota }: { quota: Quota }) {
  const { used } = quota;
  if (used === null) return <Text span c="dimmed" inherit>in the RateLimit header of each answer</Text>;
  const limit = holding(quota);
  const percent = limit === null || limit === 0 ? 0 : Math.min(FULL, (used / limit) * FULL);
  return (
    <>
      <span className="tabular">{amountOf(quota.name, used)}{limit === null ? '' : ` of ${amountOf(quota.name, limit)}`}</span>
      {limit === null ? null : <Progress value={percent} size={5} mt={4} w={140} color={percent >= FULL ? 'red.8' : 'ink'} aria-label={`${nameOfQuota(quota.name)}: ${Math.round(percent)} % used`} />}
    </>
  );
}

function SetModal({ read, quota, where, onClose }: { read: Read; quota: Quota; where: string; onClose: () => void }) {
  const [text, setText] = useState(quota.max === null ? '' : String(quota.max));
  const put = useAct({
    act: () => dataOf(api.PUT('/api/v1/limits', { params: { header: ifMatch(read.etag) }, body: wishWith(read.data.quotas, quota, text) })),
    says: () => `${nameOfQuota(quota.name)}: ${text.trim() === '' ? 'no limit of your own' : `at most ${amountOf(quota.name, Number(text))}`}, within two seconds`,
    touches: ['limits'],
    onDone: onClose,
  });
  return (
    <FormModal title={`${nameOfQuota(quota.name)} of ${where}`} confirm="Set it" wrong={wrongWith(text, quota.ceiling)} pending={put.isPending} error={put.error} onClose={onClose} onSubmit={() => put.mutate(undefined)}>
      <TextInput label="At most" description={quota.ceiling === null ? 'Empty: no limit.' : `Empty: as many as the cell allows, ${amountOf(quota.name, quota.ceiling)}.`} inputMode="numeric" data-autofocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
    </FormModal>
  );
}
