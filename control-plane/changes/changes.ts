import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Authorizer } from '../access/ports.ts';
import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { CarryOut } from './carry-out.ts';
import { ChangeRequests } from './change-requests.ts';
import { SecondPerson } from './second-person.ts';
import { changeSweep } from './sweep.ts';

export interface ChangesParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
}

export type ChangesOperation = 'listChangeRequests' | 'getChangeRequest' | 'approveChangeRequest' | 'rejectChangeRequest' | 'withdrawChangeRequest';

/** Where the tenant says so, a change is made by two people: one asks, another agrees. */
export class Changes {
  readonly handlers: Pick<Handlers, ChangesOperation>;
  readonly loops: readonly Loop[];
  readonly secondPerson: SecondPerson;
  readonly carryOut: CarryOut;

  constructor(parts: ChangesParts) {
    this.secondPerson = new SecondPerson(parts);
    this.carryOut = new CarryOut(parts);
    const requests = new ChangeRequests({ ...parts, carryOut: this.carryOut });
    this.handlers = {
      listChangeRequests: (call) => requests.listChangeRequests(call),
      getChangeRequest: (call) => requests.getChangeRequest(call),
      approveChangeRequest: (call) => requests.approveChangeRequest(call),
      rejectChangeRequest: (call) => requests.rejectChangeRequest(call),
      withdrawChangeRequest: (call) => requests.withdrawChangeRequest(call),
    };
    this.loops = [changeSweep(parts)];
  }
}
