import { expect, it } from 'vitest';
import { readNotStopped } from './read-not-stopped.ts';

const error = (not_stopped: unknown) => ({ code: 'run_cancelled', message: 'A person cancelled it.', data: { not_stopped } });

it('reads what could not be stopped', () => {
  expect(readNotStopped(error([{ step_key: 'update', state: 'leased', action: 'servicenow/incident.update' }, { step_key: 'look', state: 'uncertain' }])))
    .toEqual([{ step_key: 'update', state: 'leased', action: 'servicenow/incident.update' }, { step_key: 'look', state: 'uncertain', action: null }]);
});
it.each([[null], [{ code: 'x', message: 'y' }], [error('no list')], [error([null, {}, { step_key: 'a', state: 'flying' }])]])('finds none in %j', (nothing) => expect(readNotStopped(nothing)).toEqual([]));
