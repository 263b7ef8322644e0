import { ActionIcon, Anchor, Checkbox, Table, Text, VisuallyHidden } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import { Link } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { shortenId } from '../format/ids.ts';
import { TimeAgo } from '../parts/clock.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { STEP_LOOKS } from '../parts/state-look.ts';
import { DeadLetterContext } from './dead-letter-context.tsx';
import { isSelected, toggle, togglePage, type Selection } from './selection.ts';

const COLUMNS = ['State', 'Ticket', 'Step', 'Workflow', 'Error', 'Attempts', 'Given up', 'Step id'];

interface Props {
  items: ReadonlyArray<Schemas['DeadLetter']>;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

/** A line for each, with a box to select it and its context beneath, opened when wanted. */
export function DeadLetterTable({ items, selection, onSelect }: Props) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const page = items.map(({ id }) => id);
  const selected = page.filter((id) => isSelected(selection, id)).length;
  const flip = (id: string): void => setOpened((before) => {
    const next = new Set(before);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  return (
    <div className="panel table-panel" tabIndex={0} role="region" aria-label="Dead letters">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w={40}><Checkbox size="xs" aria-label="Select this page" checked={selected === page.length} indeterminate={selected > 0 && selected < page.length} onChange={() => onSelect(togglePage(selection, page))} /></Table.Th>
            <Table.Th scope="col" w={40}><VisuallyHidden>Context</VisuallyHidden></Table.Th>
            {COLUMNS.map((name) => <Table.Th key={name} scope="col">{name}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Fragment key={item.id}>
              <Row item={item} selected={isSelected(selection, item.id)} opened={opened.has(item.id)} onSelect={() => onSelect(toggle(selection, item.id, page))} onOpen={() => flip(item.id)} />
              {opened.has(item.id) ? <Table.Tr><Table.Td colSpan={COLUMNS.length + 2} p={0}><DeadLetterContext item={item} /></Table.Td></Table.Tr> : null}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface RowProps {
  item: Schemas['DeadLetter'];
  selected: boolean;
  opened: boolean;
  onSelect: () => void;
  onOpen: () => void;
}

function Row({ item, selected, opened, onSelect, onOpen }: RowProps) {
  const { run, error } = item;
  const label = run.subject_label ?? shortenId(run.subject ?? run.id);
  return (
    <Table.Tr>
      <Table.Td><Checkbox size="xs" aria-label={`Select step ${item.step_key} of ${label}`} checked={selected} onChange={onSelect} /></Table.Td>
      <Table.Td><ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Context of step ${item.step_key} of ${label}`} aria-expanded={opened} onClick={onOpen}>{opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}</ActionIcon></Table.Td>
      <Table.Td><StateBadge state={item.state} look={STEP_LOOKS[item.state]} /></Table.Td>
      <Table.Td><Anchor component={Link} to={`/runs/${run.id}#${item.id}`} fw={550}>{label}</Anchor></Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>{item.step_key}<Text size="xs" c="dimmed" className="mono">{item.uses}</Text></Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>{run.workflow_name}<Text span c="dimmed" inherit>@{run.workflow_version}</Text><Text size="xs" c="dimmed">{run.environment}</Text></Table.Td>
      <Table.Td maw={420}>{error === null ? <Text span c="dimmed" inherit>none was recorded</Text> : <><code style={{ color: 'var(--cs-bad)' }}>{error.code}</code><Text size="xs" lineClamp={2}>{error.message}</Text></>}</Table.Td>
      <Table.Td className="tabular">{item.attempt} of {item.max_attempts}</Table.Td>
      <Table.Td><TimeAgo at={item.died_at} /></Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}><CopyId id={item.id} what="step id" /></Table.Td>
    </Table.Tr>
  );
}
