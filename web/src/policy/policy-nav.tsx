import { NavLink } from 'react-router';
import { POLICY_PAGES } from '../shell/pages.ts';
import classes from './policy.module.css';

/** The pages of policy, each with an address of its own. */
export function PolicyNav() {
  return (
    <nav className={classes.nav} aria-label="Policy">
      <NavLink to="/policy" end>Overview</NavLink>
      {POLICY_PAGES.map(({ path, label }) => <NavLink key={path} to={path}>{label}</NavLink>)}
    </nav>
  );
}
