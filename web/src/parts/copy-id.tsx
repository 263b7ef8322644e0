import { CopyButton, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { shortenId } from '../format/ids.ts';
import classes from './copy-id.module.css';

/** Letters that stay on one line. */
const SHORT = 24;

/** An id, shortened, that copies itself whole. `what` names it for who cannot see it. */
export function CopyId({ id, what, text }: { id: string; what: string; text?: string }) {
  const shown = text ?? shortenId(id);
  return (
    <CopyButton value={id} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : id} styles={{ tooltip: { wordBreak: 'break-all' } }}>
          <UnstyledButton className={classes.copy} data-short={shown.length <= SHORT || undefined} onClick={copy}>
            <VisuallyHidden>Copy {what}</VisuallyHidden>
            <span>{shown}</span>
            {copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
