import { expect, it } from 'vitest';
import { nameOf } from './kill-switch-name.ts';

it.each([
  ['tenant', 'acme', 'The whole tenant'], ['environment', 'prod', 'Environment prod'], ['workflow', null, 'Workflow wfl_1'],
] as const)('%s %s is %s', (scope, target_name, words) => expect(nameOf({ scope, target_name, target_id: 'wfl_1' })).toBe(words));
