import { NativeSelect, SegmentedControl, Stack } from '@mantine/core';
import { IconShadowOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { shadowQuery } from '../api/decision-queries.ts';
import { policyOverviewQuery } from '../api/policy-queries.ts';
import { ENVIRONMENTS, environmentIn } from '../decisions/decision-filter.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { ReadinessCard } from './readiness-card.tsx';

const SPANS = [{ value: '1', label: '24 hours' }, { value: '7', label: '7 days' }, { value: '30', label: '30 days' }];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** What shadow policy would have decided otherwise, and whether it has been watched for long enough to let it bind. */
export function ShadowPage() {
  const [search, setSearch] = useSearchParams();
  const environment = environmentIn(search);
  const days = SPANS.find(({ value }) => value === search.get('days'))?.value ?? '7';
  const from = useMemo(() => new Date(Math.floor((Date.now() - Number(days) * DAY_MS) / MINUTE_MS) * MINUTE_MS).toISOString(), [days]);
  const readiness = useQuery(shadowQuery(environment, from));
  const overview = useQuery(policyOverviewQuery);
  const change = (next: { environment?: string; days?: string }): void => {
    const wanted = { environment, days, ...next };
    setSearch({ ...(wanted.environment === '' ? {} : { environment: wanted.environment }), days: wanted.days }, { replace: true });
  };
  return (
    <Page
      title="Shadow"
      lead="What is in shadow mode (a release, or a rule that says so) decides beside what binds. Here is where it differs."
      actions={<><NativeSelect size="xs" aria-label="Environment" value={environment} onChange={(event) => change({ environment: event.currentTarget.value })} data={[{ value: '', label: 'Every environment' }, ...ENVIRONMENTS]} /><SegmentedControl aria-label="Time span" size="xs" data={SPANS} value={days} onChange={(value) => change({ days: value })} /></>}
    >
      <PolicyNav />
      <AsyncView query={readiness} what="what shadows differ in" skeletonRows={6}>
        {({ environments }) => {
          const watched = environments.filter(({ environment_id, shadow_decisions }) => shadow_decisions > 0 || overview.data?.environments.some((one) => one.environment_id === environment_id && one.shadow !== null));
          return watched.length === 0
            ? <div className="panel"><Empty icon={IconShadowOff} title="Nothing is in shadow mode">Release a version in mode shadow, or give a verdict <code>"mode": "shadow"</code>: it is recorded beside what binds, and never binds itself.</Empty></div>
            : <Stack gap="md">{watched.map((one) => <ReadinessCard key={one.environment_id} readiness={one} overview={overview.data} />)}</Stack>;
        }}
      </AsyncView>
    </Page>
  );
}
