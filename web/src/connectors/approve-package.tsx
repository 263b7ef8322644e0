import { Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { toastDone } from '../parts/toast.tsx';
import type { Permission } from '../states/permission.ts';
import { allOf, given, mayCall, type Asker } from '../states/role-permission.ts';

type Found = NonNullable<Schemas['Instance']['package']>;

/** Lets an instance run the package that is installed: by its digests, after looking at what has changed. */
export function ApprovePackage({ instance, found }: { instance: Schemas['Instance']; found: Found }) {
  const { data: me } = useQuery(meQuery);
  const [open, setOpen] = useState(false);
  return (
    <>
      <ReasonButton size="xs" permission={mayApprove(found, me)} onClick={() => setOpen(true)}>Review and approve</ReasonButton>
      {open && found.approvable !== null ? <Review instance={instance} found={found} wanted={found.approvable} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function mayApprove({ approvable }: Found, asker: Asker | undefined): Permission {
  return allOf(
    given(approvable !== null, 'What is installed is not published as it is. Raise its version and publish it first.'),
    mayCall('approvePackage', asker, 'Approving a package'),
  );
}

function Review({ instance, found, wanted, onClose }: { instance: Schemas['Instance']; found: Found; wanted: Schemas['PackageDigests']; onClose: () => void }) {
  const queryClient = useQueryClient();
  const approval = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/instances/{instance_id}/approve-package', { params: { path: { instance_id: instance.id }, header: { 'if-match': found.etag } }, body: wanted })),
    onSuccess: () => {
      toastDone(`${instance.name} runs ${instance.connector} ${wanted.version}`, instance.id);
      onClose();
    },
    // Somebody else may have been faster: what is there now is shown either way.
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['instances'] }),
  });
  const wider = found.changes.filter(({ widens }) => widens).length;
  return (
    <Modal opened onClose={onClose} size="xl" title={<Text fw={600}>{instance.connector} {found.pinned.version} → {wanted.version} for {instance.name} ({instance.environment})</Text>}>
      <Stack gap="md">
        {wider === 0 ? null : (
          <Notice tone="wait" title={wider === 1 ? 'One change lets it do more than before' : `${wider} changes let it do more than before`}>
            They are marked below. Policy still decides every call.
          </Notice>
        )}
        <Changes changes={found.changes} />
        <Group gap="lg">
          <div><Text size="xs" c="dimmed">Manifest</Text><CopyId id={wanted.manifest_digest} what="manifest digest" /></div>
          {wanted.package_digest === null ? null : <div><Text size="xs" c="dimmed">Package (its code)</Text><CopyId id={wanted.package_digest} what="package digest" /></div>}
        </Group>
        {approval.error === null ? null : <ProblemView error={approval.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Keep it as it is</Button>
          <Button loading={approval.isPending} onClick={() => approval.mutate()}>Approve exactly this</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Changes({ changes }: { changes: Found['changes'] }) {
  if (changes.length === 0) return <Text size="sm">The manifest says the same as before; the code is another.</Text>;
  return (
    <div className="table-panel" tabIndex={0} role="region" aria-label="What has changed">
      <Table>
        <Table.Thead><Table.Tr><Table.Th scope="col">Where</Table.Th><Table.Th scope="col">Change</Table.Th><Table.Th scope="col">Before</Table.Th><Table.Th scope="col">After</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {changes.map(({ kind, pointer, before, after, widens }) => (
            <Table.Tr key={`${kind} ${pointer}`}>
              <Table.Td className="mono" style={{ wordBreak: 'break-all' }}>{pointer}</Table.Td>
              <Table.Td fw={widens ? 600 : undefined}>{kind}{widens ? ' (more than before)' : ''}</Table.Td>
              <Table.Td className="mono" style={{ wordBreak: 'break-word' }}>{before ?? '–'}</Table.Td>
              <Table.Td className="mono" style={{ wordBreak: 'break-word' }}>{after ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
