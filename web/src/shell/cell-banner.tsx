import { useQuery } from '@tanstack/react-query';
import { cellQuery } from '../api/queries.ts';
import classes from './shell.module.css';

/** The version that the stand-in API of the tests gives as its own. */
const STAND_IN = /stand-in/;

/** Says so when what is shown does not come from a Countersign cell, but from the stand-in that the console is tested with. */
export function CellBanner() {
  const { data } = useQuery(cellQuery);
  if (data === undefined || !STAND_IN.test(data.version)) return null;
  return <div className={classes.banner}>Stand-in for tests: made-up data, no cell, no policy, no evidence.</div>;
}
