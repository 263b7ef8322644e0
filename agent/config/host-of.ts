/** The host of a URL with its port, as an allow list has it. */
export function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port !== '' ? port : protocol === 'https:' ? '443' : '80'}`;
}
