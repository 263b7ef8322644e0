import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { followEvents } from '../api/live-events.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Wordmark } from '../parts/wordmark.tsx';
import { BreakGlassBanner } from './break-glass-banner.tsx';
import { CellBanner } from './cell-banner.tsx';
import { CommandPalette } from './command-palette.tsx';
import { Keyboard } from './keyboard.tsx';
import { KillSwitchBanner } from './kill-switch-banner.tsx';
import { Nav } from './nav.tsx';
import { PendingAnnouncer } from './pending.tsx';
import classes from './shell.module.css';

/** Around every page: where one can go, who one is, and the stream of changes. Nothing is read before it is known who asks. */
export function Shell() {
  const me = useQuery(meQuery);
  const queryClient = useQueryClient();
  const [opened, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const signedIn = me.data !== undefined;

  useEffect(() => (signedIn ? followEvents(queryClient) : undefined), [signedIn, queryClient]);
  useEffect(() => close(), [pathname, close]);

  if (me.data === undefined) return <div style={{ padding: 32 }}><AsyncView query={me} what="who is signed in">{() => null}</AsyncView></div>;
  return (
    <>
      <a className="skip-link" href="#content">Skip to the content</a>
      <AppShell header={{ height: { base: 52, sm: 0 } }} navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding={{ base: 'md', sm: 28 }}>
        <AppShell.Header hiddenFrom="sm" px="md">
          <Group h="100%" justify="space-between">
            <Wordmark />
            <Burger opened={opened} onClick={toggle} size="sm" aria-label={opened ? 'Close the navigation' : 'Open the navigation'} aria-expanded={opened} />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes.navbar}>
          <Link to="/runs" className={classes.brand} aria-label="Countersign, to the runs"><Wordmark /></Link>
          <Nav me={me.data} />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <CellBanner />
          <BreakGlassBanner me={me.data} />
          <KillSwitchBanner />
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <PendingAnnouncer />
      <CommandPalette />
      <Keyboard />
    </>
  );
}
