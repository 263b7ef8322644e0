import { Group, Text, TextInput } from '@mantine/core';
import { IconBuildingStore, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AccessNav } from '../access/access-nav.tsx';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { workspacesQuery } from '../api/tenancy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { FormModal } from '../parts/form-modal.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { useAct } from '../parts/use-act.ts';
import type { Permission } from '../states/permission.ts';
import { allOf, given, mayCall, type Asker } from '../states/role-permission.ts';
import { ArchiveModal } from './archive-modal.tsx';
import { useHomeOnly } from './use-home-only.ts';

type Workspace = Schemas['Workspace'];

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Workspaces keep runs, policies, roles and audit apart. */
export function WorkspacesPage() {
  const query = useQuery(workspacesQuery);
  const { data: me } = useQuery(meQuery);
  const home = useHomeOnly();
  const [making, setMaking] = useState(false);
  const [renaming, setRenaming] = useState<Workspace | null>(null);
  const [archiving, setArchiving] = useState<Workspace | null>(null);
  return (
    <Page
      title="Workspaces"
      lead="Each has runs, policies, roles and an audit chain of its own. What concerns the tenant as a whole is kept in its home workspace."
      actions={<ReasonButton permission={allOf(mayCall('createWorkspace', me, 'Making a workspace'), home)} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>Make a workspace</ReasonButton>}
    >
      <AccessNav />
      <AsyncView query={query} what="workspaces" skeletonRows={3}>
        {({ items }) => (items.length === 0
          ? <div className="panel"><Empty icon={IconBuildingStore} title="No workspace that you may see" /></div>
          : (
            <DataTable
              framed
              label="Workspaces as a table"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                { name: 'Workspace', cell: ({ id, name, is_home, archived_at }) => <Group gap={8} wrap="nowrap"><Text span inherit fw={550}>{name}</Text>{is_home ? <Text span size="xs" c="dimmed">home</Text> : null}{archived_at === null ? null : <Text span size="xs" c="dimmed">archived <TimeAgo at={archived_at} /></Text>}{id === me?.workspace.id ? <Text span size="xs" fw={650} c="var(--cs-ok)" style={{ whiteSpace: 'nowrap' }}>you are here</Text> : null}</Group> },
                { name: 'Slug', cell: ({ slug }) => <code>{slug}</code> },
                { name: 'Id', cell: ({ id }) => <CopyId id={id} what="workspace id" /> },
                { name: 'Environments', cell: ({ environments }) => environments.map(({ id, name }) => <span key={id} style={{ marginRight: 14, whiteSpace: 'nowrap' }}>{name} <CopyId id={id} what={`id of ${name}`} /></span>) },
                { name: 'Made', cell: ({ created_at }) => <TimeAgo at={created_at} /> },
                {
                  name: 'Do',
                  cell: (workspace) => (
                    <Group gap="xs" wrap="nowrap">
                      <ReasonButton size="xs" variant="default" permission={allOf(mayCall('updateWorkspace', me, 'Renaming a workspace'), home)} onClick={() => setRenaming(workspace)}>Rename</ReasonButton>
                      <ReasonButton size="xs" variant="default" permission={mayArchive(workspace, me, home)} onClick={() => setArchiving(workspace)}>{workspace.archived_at === null ? 'Archive' : 'Restore'}</ReasonButton>
                    </Group>
                  ),
                },
              ]}
            />
          ))}
      </AsyncView>
      {making ? <MakeModal onClose={() => setMaking(false)} /> : null}
      {archiving === null ? null : <ArchiveModal workspace={archiving} onClose={() => setArchiving(null)} />}
      {renaming === null ? null : <RenameModal workspace={renaming} onClose={() => setRenaming(null)} />}
    </Page>
  );
}

function mayArchive({ is_home, archived_at }: Workspace, asker: Asker | undefined, home: Permission): Permission {
  if (archived_at !== null) return allOf(mayCall('restoreWorkspace', asker, 'Restoring a workspace'), home);
  return allOf(given(!is_home, 'The home workspace is where the tenant is ruled: it stays.'), mayCall('archiveWorkspace', asker, 'Archiving a workspace'), home);
}

function MakeModal({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [slug, setSlug] = useState('');
  const make = useAct({
    act: () => dataOf(api.POST('/api/v1/workspaces', { body: { name: name.trim(), slug } })),
    says: (made) => `${made.name} is there. Choose it in the menu of your account`,
    touches: ['workspaces', 'me', 'limits'],
    onDone: onClose,
  });
  const wrong = name.trim() === '' ? 'Give it a name.' : SLUG.test(slug) ? null : 'Its slug is of small letters, digits and hyphens, and begins and ends with a letter or digit.';
  return (
    <FormModal title="Make a workspace" confirm="Make it" wrong={wrong} pending={make.isPending} error={make.error} onClose={onClose} onSubmit={() => make.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={120} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput label="Slug" description="What addresses and commands call it. It stays as it is." required maxLength={63} autoCapitalize="none" spellCheck={false} value={slug} onChange={(event) => setSlug(event.currentTarget.value)} />
    </FormModal>
  );
}

function RenameModal({ workspace, onClose }: { workspace: Workspace; onClose: () => void }) {
  const [name, setName] = useState(workspace.name);
  const rename = useAct({
    act: () => dataOf(api.PATCH('/api/v1/workspaces/{workspace_id}', { params: { path: { workspace_id: workspace.id } }, body: { name: name.trim() } })),
    says: (renamed) => `It is called ${renamed.name} from now on`,
    touches: ['workspaces', 'me'],
    onDone: onClose,
  });
  return (
    <FormModal title={`Rename ${workspace.name}`} confirm="Rename it" wrong={name.trim() === '' ? 'Give it a name.' : null} pending={rename.isPending} error={rename.error} onClose={onClose} onSubmit={() => rename.mutate(undefined)}>
      <TextInput label="Name" required data-autofocus maxLength={120} value={name} onChange={(event) => setName(event.currentTarget.value)} />
    </FormModal>
  );
}
