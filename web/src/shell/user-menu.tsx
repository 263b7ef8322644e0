import { Avatar, Menu, SegmentedControl, Text, UnstyledButton, VisuallyHidden, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, done, type Schemas } from '../api/client.ts';
import { toastProblem } from '../parts/toast.tsx';
import { Link } from 'react-router';
import { openKeyboardHelp } from './keyboard.tsx';
import { WorkspaceChoice } from './workspace-choice.tsx';
import classes from './shell.module.css';

const SCHEMES: Array<{ value: MantineColorScheme; label: string }> = [{ value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }, { value: 'auto', label: 'System' }];

/** Who is signed in, with which roles; how the console looks; the way out. */
export function UserMenu({ me }: { me: Schemas['Me'] }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queryClient = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => done(api.POST('/api/v1/sign-out')),
    onSuccess: () => {
      queryClient.clear();
      window.location.replace('/sign-in');
    },
    onError: toastProblem,
  });
  return (
    <Menu position="top-start" width={264} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.user}>
          <Avatar size={28} radius="sm" name={me.principal.display_name} color="ink" aria-hidden />
          <VisuallyHidden>Account of</VisuallyHidden>
          <span>
            <Text size="sm" fw={550} truncate>{me.principal.display_name}</Text>
            <Text size="xs" c="dimmed" truncate>{me.workspace.name}</Text>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.tenant.name} / {me.workspace.name}<br />
          Roles: {me.roles.join(', ') || 'none'}<br />
          Signed in by {me.auth_strength.replace('_', ' ')}
        </Menu.Label>
        <Menu.Divider />
        <WorkspaceChoice me={me} />
        <Menu.Label>
          <SegmentedControl fullWidth size="xs" aria-label="Colour scheme" data={SCHEMES} value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)} />
        </Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUserCircle size={16} aria-hidden />}>Your account</Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={openKeyboardHelp} rightSection={<Text size="xs" c="dimmed">?</Text>}>Keyboard</Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
