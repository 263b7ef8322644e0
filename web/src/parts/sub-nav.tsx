import { useEffect, useRef } from 'react';
import { NavLink, useLocation } from 'react-router';
import classes from './sub-nav.module.css';

/** Pages that belong together, each with an address of its own. Where they do not fit beside one another, the one that is shown is scrolled into view. */
export function SubNav({ label, pages }: { label: string; pages: ReadonlyArray<{ path: string; label: string; count?: string }> }) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    // Newer browsers answer with a promise here, which is no clean-up.
    void nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
  return (
    <nav ref={nav} className={classes.nav} aria-label={label}>
      {pages.map(({ path, label: name, count }) => <NavLink key={path} to={path} end>{name}{count === undefined ? null : ` (${count})`}</NavLink>)}
    </nav>
  );
}
