import { Box, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { LiveIndicator } from './live-indicator.tsx';
import { ACCESS_START, isUnder, OPERATE_PAGES, PROOF_PAGES, SETUP_PAGES, WORK_PAGES, type NavPage } from './pages.ts';
import { usePendingChanges } from './pending-changes.tsx';
import { usePendingCount } from './pending.tsx';
import { UserMenu } from './user-menu.tsx';
import classes from './shell.module.css';

export function Nav({ me }: { me: Schemas['Me'] }) {
  const pending = usePendingCount();
  const counts: Counts = { '/approvals': pending === undefined || pending.count === 0 ? null : pending.text, [ACCESS_START]: usePendingChanges(me) };
  return (
    <>
      <Box px={10} pb={4}>
        <UnstyledButton className={classes.search} onClick={spotlight.open}>
          <IconSearch size={15} aria-hidden /> Go to, or do <kbd>{modKey()} K</kbd>
        </UnstyledButton>
      </Box>
      <nav className={classes.sections} aria-label="Pages">
        <Section pages={WORK_PAGES} counts={counts} />
        <Section title="Operate" pages={OPERATE_PAGES} counts={counts} />
        <Section title="Set-up" pages={SETUP_PAGES} counts={counts} />
        <Section title="Proof" pages={PROOF_PAGES} counts={counts} />
      </nav>
      <div className={classes.foot}>
        <Box px={8} pb={4}><LiveIndicator /></Box>
        <UserMenu me={me} />
      </div>
    </>
  );
}

/** What waits for a person, by the page where it does. */
type Counts = Readonly<Record<string, string | null>>;

function Section({ title, pages, counts }: { title?: string; pages: readonly NavPage[]; counts: Counts }) {
  const { pathname } = useLocation();
  return (
    <>
      {title === undefined ? null : <div className={classes.section}>{title}</div>}
      {pages.map((page) => {
        const { path, label, icon: PageIcon } = page;
        const count = counts[path] ?? null;
        return (
          <Link key={path} to={path} className={classes.link} aria-current={isUnder(pathname, page) ? 'page' : undefined}>
            <PageIcon size={17} stroke={1.7} aria-hidden />
            {label}
            {count === null ? null : <span className={classes.count}>{count}<VisuallyHidden> waiting</VisuallyHidden></span>}
          </Link>
        );
      })}
    </>
  );
}

function modKey(): string {
  return /Mac|iPhone|iPad/.test(window.navigator.userAgent) ? '⌘' : 'Ctrl';
}
