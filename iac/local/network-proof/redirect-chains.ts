/** Where the peer sends a request: each step's answer names the next, and the last leads where nothing may go (or, for controls, may). */
export interface RedirectChain {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly status: number;
  /** The `Location`s in order. Chains are served under `/chain/<index>/<step>`. */
  readonly locations: readonly string[];
  /** A control ends at an answer and not at a refusal: without it, refusing everything would pass. */
  readonly control: boolean;
}

/** @param at how the attacked instance reaches its peer; `second.test`, `metadata.test` and `metadata6.test` are allowed as well, on the same port */
export function redirectChains(at: { readonly port: number }): readonly RedirectChain[] {
  const { port } = at;
  const chains: Array<Omit<RedirectChain, 'locations'> & { readonly last: string; readonly hops?: number }> = [];
  const attack = (name: string, last: string, status = 302, options: { hops?: number; method?: 'POST' } = {}): void => void chains.push({ name, last, status, method: 'GET', control: false, ...options });
  attack('metadata over http', 'http://169.254.169.254/latest/meta-data/', 301);
  attack('metadata by decimal number', 'http://2852039166/', 302);
  attack('metadata over IPv6', 'http://[fd00:ec2::254]/latest/meta-data/', 303);
  attack('metadata, mapped', `http://[::ffff:169.254.169.254]:${port}/`, 307);
  attack('metadata, percent-encoded', `http://%31%36%39.254.169.254:${port}/`, 308);
  attack('metadata by an allowed name', `http://metadata.test:${port}/`);
  attack('metadata by an allowed name over IPv6', `http://metadata6.test:${port}/`, 307);
  attack('metadata after two hops', 'http://169.254.169.254/', 302, { hops: 2 });
  attack('metadata after four hops', `http://metadata.test:${port}/`, 307, { hops: 4 });
  attack('one hop too many', `http://second.test:${port}/reached`, 302, { hops: 5 });
  attack('loopback', `http://127.0.0.1:${port}/`, 301);
  attack('loopback over IPv6', `http://[::1]:${port}/`, 302);
  attack('loopback by number', `http://2130706433:${port}/`, 303);
  attack('loopback, NAT64', `http://[64:ff9b::7f00:1]:${port}/`, 307);
  attack('loopback by name', `http://localhost:${port}/`, 308);
  attack('inside by a name that is not allowed', `http://inside.test:${port}/`);
  attack('a rebinding name', `http://flip-redirect.rebind.test:${port}/`);
  attack('protocol-relative', `//127.0.0.1:${port}/`);
  attack('protocol-relative metadata', '//169.254.169.254/');
  attack('three slashes', `http:///127.0.0.1:${port}/`);
  attack('backslashes', `http:\\\\127.0.0.1:${port}\\`);
  attack('tab inside the host', `http://127.0.\t0.1:${port}/`);
  attack('userinfo', `http://peer.test:${port}@169.254.169.254/`);
  attack('fragment', `http://169.254.169.254#@peer.test:${port}/`);
  attack('another port', 'http://peer.test:80/');
  attack('another scheme', `https://peer.test:${port}/`);
  attack('file', 'file:///etc/passwd');
  attack('gopher', 'gopher://127.0.0.1:6379/_INFO');
  attack('ftp', 'ftp://127.0.0.1/');
  attack('data', 'data:text/plain,x');
  attack('a path with an empty segment', '/a//127.0.0.1/');
  attack('a write to metadata, 307', 'http://169.254.169.254/', 307, { method: 'POST' });
  attack('a write to loopback, 308', `http://127.0.0.1:${port}/`, 308, { method: 'POST' });
  const controls = [{ name: 'relative, five hops', last: '/reached', hops: 4 }, { name: 'to the second allowed host', last: `http://second.test:${port}/reached` }];
  return [...chains, ...controls.map((control) => ({ ...control, status: 302, method: 'GET' as const, control: true }))].map(({ last, hops = 0, ...chain }, index) => ({
    ...chain, locations: [...Array.from({ length: hops }, (_, hop) => `/chain/${index}/${hop + 1}`), last],
  }));
}
