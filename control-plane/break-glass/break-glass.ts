import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import { Grants } from './grants.ts';
import type { GrantsParts } from './grants.ts';
import { breakGlassSweep } from './sweep.ts';
import type { SweepParts } from './sweep.ts';

export type BreakGlassOperation = 'listBreakGlass' | 'activateBreakGlass' | 'endBreakGlass' | 'reviewBreakGlass';

export class BreakGlass {
  readonly handlers: Pick<Handlers, BreakGlassOperation>;
  readonly loops: readonly Loop[];

  constructor(parts: GrantsParts & SweepParts) {
    const grants = new Grants(parts);
    this.handlers = {
      listBreakGlass: (call) => grants.listBreakGlass(call),
      activateBreakGlass: (call) => grants.activateBreakGlass(call),
      endBreakGlass: (call) => grants.endBreakGlass(call),
      reviewBreakGlass: (call) => grants.reviewBreakGlass(call),
    };
    this.loops = [breakGlassSweep(parts)];
  }
}
