import { NavLink } from 'react-router';
import classes from './policy.module.css';

const PLACES = [
  { to: '/policy', label: 'Overview' },
  { to: '/policy/releases', label: 'Releases' },
  { to: '/policy/shadow', label: 'Shadow' },
  { to: '/policy/simulate', label: 'Simulate' },
  { to: '/policy/replays', label: 'Impact replay' },
  { to: '/policy/kill-switches', label: 'Kill switches' },
];

/** The pages of policy, each with an address of its own. */
export function PolicyNav() {
  return (
    <nav className={classes.nav} aria-label="Policy">
      {PLACES.map(({ to, label }) => <NavLink key={to} to={to} end={to === '/policy'}>{label}</NavLink>)}
    </nav>
  );
}
