import { expect, it } from 'vitest';
import { pickAccount } from './identity.ts';

const NOBODY = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin';
const POSTGRES = 'postgres:x:101:104::/var/lib/postgresql:/bin/bash';

it('prefers the account postgres, else takes nobody', () => {
  expect(pickAccount([NOBODY, POSTGRES].join('\n'))).toEqual({ name: 'postgres', uid: 101, gid: 104 });
  expect(pickAccount(`root:x:0:0::/:/bin/sh\n${NOBODY}\n`)).toEqual({ name: 'nobody', uid: 65534, gid: 65534 });
});

it('never takes an account that is root by another name, or what it cannot read', () => {
  expect(pickAccount('postgres:x:0:0::/:/bin/sh')).toBeUndefined();
  expect(pickAccount('postgres:x:101:0::/:/bin/sh')).toBeUndefined();
  expect(pickAccount('postgres:x\n\nnobody')).toBeUndefined();
});
