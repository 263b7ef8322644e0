/** A rule that can be left out, to see that the simulation notices. */
export const FLAWS = {
  no_fence_check: 'a write is taken without looking at its fence',
  no_lease_check: 'a write is taken after its lease has ended',
  takes_held_leases: 'the sweeper takes leases away that still run',
  sends_again: 'an effect of unknown outcome is sent again without asking',
  asks_too_early: 'what is not there yet counts as what never happened',
  sends_late: 'a worker sends however long ago it wrote its intent',
  intent_after_effect: 'the intent is written after the effect',
  no_sweep: 'nobody takes over from workers that are gone',
  no_polling: 'workers look for work only when they are told to',
  forgets_outcomes: 'a step that succeeded releases nothing behind it',
  claims_early: 'a step is claimed before its back-off is over',
  begins_while_cancelling: 'a step of unknown outcome goes on in a run that is being cancelled',
  tries_without_end: 'a step of unknown outcome goes on whatever it has tried',
  blind_retry: 'an effect that cannot be looked up is taken for one that failed',
  gives_up_on_keyed: 'what the peer does once for its key counts as what never happened, also where it is not sent again',
  faults_forget_effects: 'a fault of ours makes a step retry as if nothing could have happened',
} as const;

export type Flaw = keyof typeof FLAWS;
