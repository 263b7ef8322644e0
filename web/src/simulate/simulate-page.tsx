import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { meQuery } from '../api/queries.ts';
import { policyOverviewQuery } from '../api/policy-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { PolicyNav } from '../policy/policy-nav.tsx';
import { Simulator } from './simulator.tsx';

/** What a policy would decide on one input, or on what was once asked. The address holds the decision and the policy. */
export function SimulatePage() {
  const [search, setSearch] = useSearchParams();
  const overview = useQuery(policyOverviewQuery);
  const me = useQuery(meQuery);
  const decision = search.get('decision');
  const change = (next: { decision?: string | null; against?: string }): void => {
    const wanted = { decision, against: search.get('against'), ...next };
    setSearch({ ...(wanted.decision === null ? {} : { decision: wanted.decision }), ...(wanted.against === null ? {} : { against: wanted.against }) }, { replace: true });
  };
  return (
    <Page title="Simulate" lead="What a policy would decide, with the rules and lines that would decide it. Nothing is sent, and nothing is recorded.">
      <PolicyNav />
      <AsyncView query={overview} what="the policies" skeletonRows={6}>
        {({ environments }) => (me.data === undefined ? null : (
          <Stack gap="md">
            <Simulator me={me.data} decisionId={decision} against={search.get('against') ?? `environment:${environments.at(-1)?.environment_id ?? ''}`} environments={environments} onChange={change} />
          </Stack>
        ))}
      </AsyncView>
    </Page>
  );
}
