import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];
type KillSwitch = Pick<Schemas['KillSwitch'], 'released_at' | 'recovery' | 'recovery_stage' | 'stage_began_at' | 'share' | 'recovered_at'>;

/** A stage as it is written in the form: percent of the runs, minutes. */
export interface StageDraft {
  percent: string;
  minutes: string;
}

export const FIRST_STAGES: readonly StageDraft[] = [{ percent: '10', minutes: '5' }, { percent: '50', minutes: '10' }];
export const MOST_STAGES = 10;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** The stages as the API takes them, or what is wrong with the first that is not right. */
export function stagesOf(drafts: readonly StageDraft[]): { stages: Schemas['RecoveryStage'][] } | { problem: string } {
  const stages: Schemas['RecoveryStage'][] = [];
  for (const [place, { percent, minutes }] of drafts.entries()) {
    const share = Number(percent) / 100;
    const for_ms = Math.round(Number(minutes) * MINUTE_MS);
    const nth = `Stage ${place + 1}`;
    if (!(share > 0 && share < 1)) return { problem: `${nth}: write a percentage between 0 and 100, such as 10.` };
    if (share <= (stages.at(-1)?.share ?? 0)) return { problem: `${nth}: each stage lets more go on than the one before.` };
    if (!(for_ms >= 1_000 && Number(minutes) <= DAY_MINUTES)) return { problem: `${nth}: write minutes, at most a day (${DAY_MINUTES}).` };
    stages.push({ share, for_ms });
  }
  return stages.length === 0 ? { problem: 'Add a stage, or let everything go on at once.' } : { stages };
}

/** Whether it stops something still: it is set, or lets go in stages. */
export function isBinding({ released_at, recovered_at }: KillSwitch): boolean {
  return released_at === null || recovered_at === null;
}

/** Where a switch is that lets go in stages; null where it is set, or lets everything go. */
export function recoveryOf(killSwitch: KillSwitch): { stage: number; stages: number; percent: number; next_at: string | null } | null {
  const { released_at, recovery = null, recovery_stage = null, stage_began_at = null, share = null } = killSwitch;
  if (released_at === null || !isBinding(killSwitch) || recovery === null || recovery_stage === null) return null;
  const current = recovery[recovery_stage];
  const next_at = current === undefined || stage_began_at === null ? null : new Date(Date.parse(stage_began_at) + current.for_ms).toISOString();
  return { stage: recovery_stage + 1, stages: recovery.length, percent: Math.round((share ?? current?.share ?? 0) * 1_000) / 10, next_at };
}
