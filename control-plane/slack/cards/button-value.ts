/** Names what a button is about: the approval, and the digest of the action that its card showed. */
export interface ButtonValue {
  readonly approvalId: string;
  readonly digest: string;
}

const VALUE = /^(apr_[0-7][0-9a-hjkmnp-tv-z]{25}):(sha256:[0-9a-f]{64})$/;

export function buttonValue({ approvalId, digest }: ButtonValue): string {
  return `${approvalId}:${digest}`;
}

/** Null for anything that we did not write. */
export function parseButtonValue(text: string | undefined): ButtonValue | null {
  const [, approvalId, digest] = VALUE.exec(text ?? '') ?? [];
  return approvalId === undefined || digest === undefined ? null : { approvalId, digest };
}

/** Ids of buttons and modals, as Slack sends them back. */
export const ACTIONS = {
  show: 'countersign_show', approve: 'countersign_approve', reject: 'countersign_reject', link: 'countersign_link', unlink: 'countersign_unlink', open: 'countersign_open',
} as const;
export const VIEWS = { decide: 'countersign_decide', reason: 'countersign_reason' } as const;
