import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconContrast, IconKeyboard, IconSearch, IconTimeline } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { runsQuery } from '../api/queries.ts';
import { ANY_RUN } from '../runs/run-filter.ts';
import { openKeyboardHelp } from './keyboard.tsx';
import { PALETTE_PAGES } from './pages.ts';

const RUNS_SHOWN = 6;

/** Ctrl-K: pages, the newest runs, a search over runs, and what can be done from anywhere. */
export function CommandPalette() {
  const [query, setQuery] = useState('');
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const { data: newest } = useQuery(runsQuery(ANY_RUN));
  const go = (path: string) => () => void navigate(path);

  const actions: SpotlightActionGroupData[] = [
    {
      group: 'Pages',
      actions: PALETTE_PAGES.map(({ path, label, says, icon: PageIcon }) => ({ id: path, label, description: says, leftSection: <PageIcon size={18} aria-hidden />, onClick: go(path) })),
    },
    {
      group: 'Newest runs',
      actions: (newest?.items ?? []).slice(0, RUNS_SHOWN).map((run) => ({
        id: run.id, label: run.subject_label ?? run.id, description: `${run.workflow_name}, ${run.state}`, keywords: [run.id], leftSection: <IconTimeline size={18} aria-hidden />, onClick: go(`/runs/${run.id}`),
      })),
    },
    {
      group: 'Do',
      actions: [
        { id: 'search', label: query === '' ? 'Search the runs' : `Search the runs for ${query}`, keywords: [query], leftSection: <IconSearch size={18} aria-hidden />, onClick: go(`/runs?q=${encodeURIComponent(query)}`) },
        { id: 'scheme', label: 'Switch between light and dark', leftSection: <IconContrast size={18} aria-hidden />, onClick: toggleColorScheme },
        { id: 'keyboard', label: 'Show the keyboard shortcuts', leftSection: <IconKeyboard size={18} aria-hidden />, onClick: openKeyboardHelp },
      ],
    },
  ];
  return (
    <Spotlight
      shortcut="mod + K"
      query={query}
      onQueryChange={setQuery}
      actions={actions}
      nothingFound="Nothing found"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{ placeholder: 'A page, a ticket, a run id', leftSection: <IconSearch size={18} aria-hidden />, 'aria-label': 'Go to or do' }}
    />
  );
}
