import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput, Title, VisuallyHidden } from '@mantine/core';
import { IconBraces, IconDots, IconFileCode, IconFlask, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { DATA_FILE, isTest, pathsOf, refuseName, type WorkingCopy } from './working-copy.ts';
import classes from './policy-editor.module.css';

interface Props {
  copy: WorkingCopy;
  selected: string;
  /** Errors by path, as the last check found them. */
  errors: ReadonlyMap<string, number>;
  /** Paths that differ from the version that the layer has. */
  changed: ReadonlySet<string>;
  readOnly: boolean;
  onSelect: (path: string) => void;
  onAdd: (name: string) => void;
  onRename: (path: string, name: string) => void;
  onRemove: (path: string) => void;
}

/** The files of a layer: rules, their tests, and the data that they read. */
export function FileList({ copy, selected, errors, changed, readOnly, onSelect, onAdd, onRename, onRemove }: Props) {
  const [naming, setNaming] = useState<{ path: string | null } | null>(null);
  const paths = pathsOf(copy);
  return (
    <nav className={classes.files} aria-label="Files">
      <header>
        <Title order={3}>Files</Title>
        {readOnly ? null : <ActionIcon variant="subtle" color="gray" aria-label="Add a file" onClick={() => setNaming({ path: null })}><IconPlus size={16} aria-hidden /></ActionIcon>}
      </header>
      <ul>
        {[...paths, DATA_FILE].map((path) => (
          <li key={path} data-selected={path === selected || undefined}>
            <button type="button" aria-current={path === selected} onClick={() => onSelect(path)}>
              <FileIcon path={path} />
              <span>{path}</span>
              {changed.has(path) ? <><span className={classes.dot} aria-hidden /><VisuallyHidden>, changed</VisuallyHidden></> : null}
              {errors.has(path) ? <span className={classes.count}>{errors.get(path)}<VisuallyHidden> errors</VisuallyHidden></span> : null}
            </button>
            {readOnly || path === DATA_FILE ? null : <FileMenu path={path} onRename={() => setNaming({ path })} onRemove={() => onRemove(path)} />}
          </li>
        ))}
      </ul>
      {naming === null ? null : (
        <NameModal
          copy={copy}
          path={naming.path}
          onClose={() => setNaming(null)}
          onName={(name) => {
            if (naming.path === null) onAdd(name);
            else onRename(naming.path, name);
            setNaming(null);
          }}
        />
      )}
    </nav>
  );
}

function FileIcon({ path }: { path: string }) {
  if (path === DATA_FILE) return <IconBraces size={15} aria-hidden />;
  return isTest(path) ? <><IconFlask size={15} aria-hidden /><VisuallyHidden>Test: </VisuallyHidden></> : <IconFileCode size={15} aria-hidden />;
}

function FileMenu({ path, onRename, onRemove }: { path: string; onRename: () => void; onRemove: () => void }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target><ActionIcon size={26} variant="subtle" color="gray" aria-label={`Rename or remove ${path}`}><IconDots size={15} aria-hidden /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={15} aria-hidden />} onClick={onRename}>Rename</Menu.Item>
        <Menu.Item leftSection={<IconTrash size={15} aria-hidden />} onClick={onRemove}>Remove</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function NameModal({ copy, path, onClose, onName }: { copy: WorkingCopy; path: string | null; onClose: () => void; onName: (name: string) => void }) {
  const [name, setName] = useState(path ?? '');
  const [tried, setTried] = useState(false);
  const refused = refuseName(copy, name, path);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (refused === null) onName(name);
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{path === null ? 'Add a file' : `Rename ${path}`}</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput label="Name" description="A name that ends with _test.rego makes it a test: tests are never part of the bundle." required data-autofocus value={name} error={tried ? refused : undefined} onChange={(event) => setName(event.currentTarget.value)} placeholder="hours.rego" />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it as it is</Button>
            <Button type="submit">{path === null ? 'Add' : 'Rename'}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
