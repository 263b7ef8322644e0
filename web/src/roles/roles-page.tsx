import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { AccessNav } from '../access/access-nav.tsx';
import { rolesQuery } from '../api/access-queries.ts';
import { Page } from '../parts/page.tsx';
import { Assignments } from './assignments.tsx';
import { Demands } from './demands.tsx';
import { PermissionTable } from './permission-table.tsx';
import { RoleList } from './role-list.tsx';

/** Who holds what in this workspace, the roles that there are, and what is demanded on top of them. */
export function RolesPage() {
  const roles = useQuery(rolesQuery);
  return (
    <Page title="Roles" lead="Every request is decided by the roles of whoever asks, in the workspace that it is about.">
      <AccessNav />
      <Stack gap="md">
        <Assignments roles={roles.data?.items ?? []} />
        <RoleList query={roles} />
        <Demands />
        <PermissionTable />
      </Stack>
    </Page>
  );
}
