import { Checkbox, Stack, Text } from '@mantine/core';
import classes from './policy-editor.module.css';

interface Props {
  /** Packs that there are, with what each is for. */
  known: ReadonlyArray<{ name: string; description?: string | undefined }>;
  chosen: readonly string[];
  readOnly: boolean;
  onChange: (packs: string[]) => void;
}

/** The packs that the tenant's policy starts from: they grant, everything else tightens. */
export function PacksChoice({ known, chosen, readOnly, onChange }: Props) {
  return (
    <div className={classes.packs}>
      <Checkbox.Group label="Packs" description="What they allow; layers tighten it" value={[...chosen]} onChange={(names) => onChange(known.map(({ name }) => name).filter((name) => names.includes(name)))}>
        <Stack gap={10} mt={8}>
          {known.map(({ name, description }) => <Checkbox key={name} size="xs" value={name} disabled={readOnly} label={name} description={description} />)}
        </Stack>
      </Checkbox.Group>
      {chosen.length === 0 ? <Text size="xs" c="dimmed" mt={6}>Without a pack, only what this layer grants is allowed.</Text> : null}
    </div>
  );
}
