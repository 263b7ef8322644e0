import { allOf, given, mayCall, type Asker } from '../states/role-permission.ts';
import type { Permission } from '../states/permission.ts';
import { summaryOf } from './check-report.ts';
import type { Checked } from './use-check.ts';
import type { WorkingCopy } from './working-copy.ts';

interface Bench {
  copy: WorkingCopy;
  checked: Checked | null;
  asker: Asker | undefined;
  /** Whether `opa` is there to compile with; when not, how to get it. */
  opa: { available: boolean; how_to_get_it: string | null };
}

export function mayCheck({ copy, asker, opa }: Bench): Permission {
  return allOf(
    mayCall('createPolicyDraft', asker, 'Checking'),
    given(opa.available, `There is no OPA to compile with. ${opa.how_to_get_it ?? ''}`.trim()),
    given(Object.keys(copy.files).length > 0 || copy.data.trim() !== '', 'There is nothing to check: add a file first.'),
  );
}

export function mayFormat({ copy, checked, asker }: Bench): Permission {
  return allOf(
    mayCall('createPolicyDraft', asker, 'Writing'),
    given(checked !== null && checked.copy === copy, 'Check first: the compiler says how it would be written.'),
    given(Object.keys(checked?.report.formatted ?? {}).length > 0, 'Every file is written as the formatter would write it.'),
  );
}

export function mayPublish({ copy, checked, asker }: Bench): Permission {
  return allOf(
    mayCall('publishPolicyVersion', asker, 'Publishing'),
    given(checked !== null && checked.draft !== null, 'Check it first.'),
    given(checked?.copy === copy, 'It has changed since the last check. Check it again.'),
    given(checked?.draft?.valid === true, checked === null ? 'Check it first.' : `The check found ${summaryOf(checked.report)}.`),
  );
}

/** `version` is what is open unchanged, if it is a version. */
export function mayRelease({ asker }: Pick<Bench, 'asker'>, version: number | null): Permission {
  return allOf(
    mayCall('createPolicyRelease', asker, 'Releasing'),
    given(version !== null, 'Only a published version can be released. Publish this first.'),
  );
}
