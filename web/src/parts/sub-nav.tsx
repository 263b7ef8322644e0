import { NavLink } from 'react-router';
import classes from './sub-nav.module.css';

/** Pages that belong together, each with an address of its own. */
export function SubNav({ label, pages }: { label: string; pages: ReadonlyArray<{ path: string; label: string; count?: string }> }) {
  return (
    <nav className={classes.nav} aria-label={label}>
      {pages.map(({ path, label: name, count }) => <NavLink key={path} to={path} end>{name}{count === undefined ? null : ` (${count})`}</NavLink>)}
    </nav>
  );
}
