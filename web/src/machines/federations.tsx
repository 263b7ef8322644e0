import { Group, Text } from '@mantine/core';
import { IconPlus, IconWorldOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, done, ifMatch, type Schemas } from '../api/client.ts';
import { federationsQuery } from '../api/machine-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { Section } from '../parts/section.tsx';
import { useAct } from '../parts/use-act.ts';
import { allOf, mayCall } from '../states/role-permission.ts';
import { useHomeOnly } from '../workspaces/use-home-only.ts';
import { conditionInWords } from './conditions.ts';
import { FederationModal } from './federation-modal.tsx';
import { Scopes } from './scopes.tsx';
import { TestModal } from './test-modal.tsx';

type Federation = Schemas['Federation'];

/** Issuers whose tokens are exchanged for ours, so that a build server needs no stored key. */
export function Federations() {
  const query = useQuery(federationsQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [making, setMaking] = useState(false);
  const [testing, setTesting] = useState<Federation | null>(null);
  const [removing, setRemoving] = useState<Federation | null>(null);
  const may = allOf(mayCall('updateFederation', me, 'Changing a federation'), home);
  return (
    <Section title="Federations" note="Tokens of an issuer that you trust, and no stored key" actions={<ReasonButton size="xs" variant="default" permission={allOf(mayCall('createFederation', me, 'Trusting an issuer'), home)} leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setMaking(true)}>Trust an issuer</ReasonButton>}>
      <AsyncView query={query} what="federations" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <Empty icon={IconWorldOff} title="No issuer is trusted">With a federation, a job of your build server publishes a workflow by the token that it gets for itself.</Empty>
          : (
            <DataTable
              label="Federations as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'Name', cell: ({ name, enabled }) => <><Text span inherit fw={550}>{name}</Text>{enabled ? null : <Text size="xs" c="dimmed">stopped</Text>}</> },
                { name: 'Federation', cell: ({ id }) => <CopyId id={id} what="federation id" /> },
                { name: 'Issuer', cell: ({ issuer, audience }) => <><span style={{ overflowWrap: 'anywhere' }}>{issuer}</span><Text size="xs" c="dimmed">for {audience}</Text></> },
                { name: 'Where', cell: ({ conditions }) => conditions.map((one) => <div key={one.claim}><code>{conditionInWords(one)}</code></div>) },
                { name: 'May', cell: ({ scopes }) => <Scopes scopes={scopes} /> },
                { name: 'Last used', cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <TimeAgo at={last_used_at} />) },
                {
                  name: 'Do',
                  cell: (federation) => (
                    <Group gap="xs" wrap="nowrap">
                      <ReasonButton size="xs" variant="default" permission={mayCall('testFederation', me, 'Trying a token')} onClick={() => setTesting(federation)}>Try a token</ReasonButton>
                      <StopButton federation={federation} permission={may} />
                      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('deleteFederation', me, 'Removing a federation'), home)} onClick={() => setRemoving(federation)}>Remove</ReasonButton>
                    </Group>
                  ),
                },
              ]}
            />
          ))}
      </AsyncView>
      {making ? <FederationModal onClose={() => setMaking(false)} /> : null}
      {testing === null ? null : <TestModal federation={testing} onClose={() => setTesting(null)} />}
      {removing === null ? null : <RemoveModal federation={removing} onClose={() => setRemoving(null)} />}
    </Section>
  );
}

function StopButton({ federation, permission }: { federation: Federation; permission: ReturnType<typeof mayCall> }) {
  const { id, enabled, version } = federation;
  const change = useAct({
    act: () => dataOf(api.PATCH('/api/v1/federations/{federation_id}', { params: { path: { federation_id: id }, header: ifMatch(`"${version}"`) }, body: { enabled: !enabled } })),
    says: (changed) => (changed.enabled ? `${changed.name} is trusted again` : `${changed.name} is not trusted for now`),
    touches: ['federations'],
    toastsProblem: true,
  });
  return <ReasonButton size="xs" variant="default" permission={permission} loading={change.isPending} onClick={() => change.mutate(undefined)}>{enabled ? 'Stop' : 'Trust again'}</ReasonButton>;
}

function RemoveModal({ federation, onClose }: { federation: Federation; onClose: () => void }) {
  const remove = useAct({
    act: () => done(api.DELETE('/api/v1/federations/{federation_id}', { params: { path: { federation_id: federation.id } } })),
    says: () => `${federation.name} is trusted no more`,
    touches: ['federations', 'service-accounts'],
    onDone: onClose,
  });
  return <FormModal title={`Trust ${federation.name} no more`} confirm="Remove it" danger pending={remove.isPending} error={remove.error} onClose={onClose} onSubmit={() => remove.mutate(undefined)}><Text size="sm">Tokens that it got end at once.</Text></FormModal>;
}
