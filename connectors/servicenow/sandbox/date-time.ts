/** ServiceNow's stored form of a moment: `YYYY-MM-DD HH:mm:ss`, UTC. */
export function glideDateTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
