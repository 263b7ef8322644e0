import { Box, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { LiveIndicator } from './live-indicator.tsx';
import { isUnder, OPERATE_PAGES, PROOF_PAGES, SETUP_PAGES, WORK_PAGES, type NavPage } from './pages.ts';
import { usePendingCount } from './pending.tsx';
import { UserMenu } from './user-menu.tsx';
import classes from './shell.module.css';

export function Nav({ me }: { me: Schemas['Me'] }) {
  return (
    <>
      <Box px={10} pb={4}>
        <UnstyledButton className={classes.search} onClick={spotlight.open}>
          <IconSearch size={15} aria-hidden /> Go to, or do <kbd>{modKey()} K</kbd>
        </UnstyledButton>
      </Box>
      <nav className={classes.sections} aria-label="Pages">
        <Section pages={WORK_PAGES} />
        <Section title="Operate" pages={OPERATE_PAGES} />
        <Section title="Set-up" pages={SETUP_PAGES} />
        <Section title="Proof" pages={PROOF_PAGES} />
      </nav>
      <div className={classes.foot}>
        <Box px={8} pb={4}><LiveIndicator /></Box>
        <UserMenu me={me} />
      </div>
    </>
  );
}

function Section({ title, pages }: { title?: string; pages: readonly NavPage[] }) {
  const pending = usePendingCount();
  const { pathname } = useLocation();
  return (
    <>
      {title === undefined ? null : <div className={classes.section}>{title}</div>}
      {pages.map((page) => {
        const { path, label, icon: PageIcon } = page;
        const count = path === '/approvals' && pending !== undefined && pending.count > 0 ? pending.text : null;
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
