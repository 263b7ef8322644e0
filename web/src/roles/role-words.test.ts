import { expect, it } from 'vitest';
import { changeOf, nameOfRole, sourceInWords } from './role-words.ts';

it('a role of one’s own is called by its name, an unknown one by its id', () => {
  const roles = [{ id: 'rol_1', name: 'Night desk' }, { id: 'admin', name: 'admin' }];
  expect(['rol_1', 'admin', 'rol_2'].map((role) => nameOfRole(role, roles))).toEqual(['Night desk', 'admin', 'rol_2']);
});

it.each([['direct', 'given here'], ['group:grp_1', 'a group'], ['break_glass:bgl_1', 'break-glass, for a while'], ['newer:1', 'newer:1']])('%s is %s', (source, words) => expect(sourceInWords(source)).toBe(words));

it('a change is what it gives and what it takes', () => {
  expect(changeOf(['runs:read', 'runs:start'], ['views:use', 'runs:read', 'audit:read'])).toEqual({ added: ['audit:read', 'views:use'], removed: ['runs:start'] });
});
