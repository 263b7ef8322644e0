import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';
import type { Permission } from '../states/permission.ts';

type Props = ButtonProps & { permission: Permission; onClick?: () => void; href?: string; download?: string; children: ReactNode };

/** A button that is never hidden: when it may not be used it says why, to the pointer, the keyboard and the screen reader. */
export function ReasonButton({ permission, onClick, href, download, children, ...rest }: Props) {
  if (permission.allowed && href !== undefined) {
    return <Button component="a" href={href} download={download} {...rest}>{children}</Button>;
  }
  if (permission.allowed) return <Button onClick={onClick} {...rest}>{children}</Button>;
  return (
    <Tooltip label={permission.because}>
      <Button {...rest} data-disabled aria-disabled aria-description={permission.because} onClick={(event: MouseEvent) => event.preventDefault()}>
        {children}
      </Button>
    </Tooltip>
  );
}
