import { Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconBookmark, IconTrash, IconUsers } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf, done, type Schemas } from '../api/client.ts';
import { savedViewsQuery } from '../api/operations-queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone, toastProblem } from '../parts/toast.tsx';
import { addressOf, askedFor, filterOfSaved, savedFiltersOf, type RunFilter } from './run-filter.ts';

interface Props {
  filter: RunFilter;
  onOpen: (filter: RunFilter) => void;
}

/** Searches that were kept: one's own and those that others share. The one that is on the screen can be kept, too. */
export function SavedViews({ filter, onOpen }: Props) {
  const query = useQuery(savedViewsQuery);
  const [keeping, setKeeping] = useState(false);
  const views = query.data?.items ?? [];
  const current = addressOf({ ...filter, cursor: null }).toString();
  const open = views.find(({ filters }) => addressOf(filterOfSaved(filters)).toString() === current);
  return (
    <>
      <Menu position="bottom-end" width={320} withinPortal withInitialFocusPlaceholder={false}>
        <Menu.Target><Button size="xs" variant="default" leftSection={<IconBookmark size={15} aria-hidden />}>{open === undefined ? 'Views' : `View: ${open.name}`}</Button></Menu.Target>
        <Menu.Dropdown>
          {query.data === undefined ? <AsyncView query={query} what="saved views" skeletonRows={2}>{() => null}</AsyncView> : null}
          <Views title="Mine" views={views.filter(({ mine }) => mine)} onOpen={onOpen} />
          <Views title="Shared by others" views={views.filter(({ mine }) => !mine)} onOpen={onOpen} />
          {query.data !== undefined && views.length === 0 ? <Menu.Label>No search was kept yet.</Menu.Label> : null}
          <Menu.Divider />
          <Menu.Item disabled={askedFor(filter) === 0} onClick={() => setKeeping(true)}>{askedFor(filter) === 0 ? 'Keep this search: filter something first' : 'Keep this search …'}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {keeping ? <Keep filter={filter} onClose={() => setKeeping(false)} /> : null}
    </>
  );
}

function Views({ title, views, onOpen }: { title: string; views: ReadonlyArray<Schemas['SavedView']>; onOpen: Props['onOpen'] }) {
  const queryClient = useQueryClient();
  const forget = useMutation({
    mutationFn: ({ id }: Schemas['SavedView']) => done(api.DELETE('/api/v1/saved-views/{view_id}', { params: { path: { view_id: id } } })),
    onSuccess: (_nothing, { name }) => toastDone(`Forgotten: ${name}`, null),
    onError: toastProblem,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['saved-views'] }),
  });
  if (views.length === 0) return null;
  return (
    <>
      <Menu.Label>{title}</Menu.Label>
      {views.map((view) => (
        <Group key={view.id} gap={0} wrap="nowrap">
          <Menu.Item onClick={() => onOpen(filterOfSaved(view.filters))} rightSection={view.shared ? <IconUsers size={14} aria-hidden /> : undefined}>
            {view.name}
            {view.mine ? null : <Text size="xs" c="dimmed">of {view.owner_name}</Text>}
            {view.shared ? <VisuallyHidden>, shared</VisuallyHidden> : null}
          </Menu.Item>
          {view.mine ? <Menu.Item w={36} flex="none" aria-label={`Forget ${view.name}`} onClick={() => forget.mutate(view)}><IconTrash size={15} aria-hidden /></Menu.Item> : null}
        </Group>
      ))}
    </>
  );
}

function Keep({ filter, onClose }: { filter: RunFilter; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const [tried, setTried] = useState(false);
  const keep = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/saved-views', { body: { name: name.trim(), filters: savedFiltersOf(filter), shared } })),
    onSuccess: (view) => {
      toastDone(`Kept: ${view.name}`, null);
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['saved-views'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (name.trim() !== '' && !keep.isPending) keep.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Keep this search</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput label="Name" required data-autofocus maxLength={80} value={name} error={tried && name.trim() === '' ? 'Give it a name' : undefined} onChange={(event) => setName(event.currentTarget.value)} />
          <Checkbox label="Show it to everybody in the workspace" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
          {keep.error === null ? null : <ProblemView error={keep.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Not now</Button>
            <Button type="submit" loading={keep.isPending}>Keep it</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
