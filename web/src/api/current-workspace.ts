/**
 * The workspace that this tab shows. Every request names it, so that choosing another one in another tab does not make what is typed here
 * an act in that one. Null until it is known: then the session's own counts.
 */
let current: string | null = null;

export function actIn(workspaceId: string | null): void {
  current = workspaceId;
}

export function currentWorkspace(): string | null {
  return current;
}
