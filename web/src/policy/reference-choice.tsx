import { NativeSelect } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { policyDraftsQuery, policyOverviewQuery, policyReleasesQuery } from '../api/policy-queries.ts';
import { meQuery } from '../api/queries.ts';
import { mayCall } from '../states/role-permission.ts';
import { describeReference, readReference, referenceGroups } from './policy-reference.ts';

const DRAFTS_SHOWN = 5;

/** Which policy is asked: a draft, a version where it would decide, a release, or what is in force. */
export function ReferenceChoice({ value, label, onChange }: { value: string; label: string; onChange: (value: string) => void }) {
  const { data: me } = useQuery(meQuery);
  const { data: overview } = useQuery(policyOverviewQuery);
  const { data: releases } = useQuery(policyReleasesQuery({ environmentId: '', mode: '', cursor: null }));
  const mayRead = mayCall('listPolicyDrafts', me, 'Reading drafts').allowed;
  const drafts = useQueries({ queries: mayRead ? (overview?.layers ?? []).map(({ layer }) => policyDraftsQuery(layer, DRAFTS_SHOWN)) : [] });
  const groups = overview === undefined ? [] : referenceGroups(overview, releases?.items ?? [], drafts.flatMap(({ data }) => data?.items ?? []));
  const known = groups.some(({ choices }) => choices.some((choice) => choice.value === value));
  const reference = readReference(value);
  return (
    <NativeSelect label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {known ? null : <option value={value}>{reference === null ? 'Choose' : describeReference(reference, overview)}</option>}
      {groups.map((group) => <optgroup key={group.label} label={group.label}>{group.choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}</optgroup>)}
    </NativeSelect>
  );
}
