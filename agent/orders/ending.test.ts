import { describe, expect, it } from 'vitest';
import { notCarriedOut } from './ending.ts';

const denied = (...rules: string[]) => ({ kind: 'denied', decisionId: 'dec_1', reasons: rules.map((rule) => ({ rule, message: 'x' })) }) as const;

describe('an order that policy did not let through here', () => {
  it.each([
    ['is an alarm where a rule says no', 'policy_denied_here', denied('itsm/no')],
    ['is an alarm where policy wants anything but that it is sent', 'policy_denied_here', denied('itsm/needs_person', 'policy_denied_here')],
    ['waits where only a kill switch stands against it', 'stopped_by_kill_switch', denied('base/kill_switch')],
    ['is an alarm where a rule says no beside a kill switch', 'policy_denied_here', denied('base/kill_switch', 'itsm/no')],
    ['waits where the bundle has run out', 'policy_behind', denied('bundle_stale')],
    ['waits where the bundle here counts by more than the cell knew to look up', 'policy_behind', denied('facts_unavailable')],
    ['is an alarm where it would wait for people', 'policy_denied_here', { kind: 'waiting_for_approval', approvalId: 'apr_1' } as const],
  ])('%s', (_, refusal, result) => {
    expect(notCarriedOut(result)).toMatchObject({ refusal });
  });
});
