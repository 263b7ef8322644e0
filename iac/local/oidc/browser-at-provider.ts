/**
 * What a browser does between our sign-in page and our callback: it follows the redirects of the provider, keeps its cookies, and clicks on an
 * account where it is asked. Gives the URL that it is sent back to, which it has not opened yet.
 */
export async function signInAtProvider(authorizationUrl: string, account: string, jar = new Map<string, string>()): Promise<URL> {
  const { origin } = new URL(authorizationUrl);
  let url = new URL(authorizationUrl);
  for (let hops = 0; hops < 20; hops += 1) {
    if (url.origin !== origin) return url;
    const asks = url.pathname.startsWith('/interaction/');
    const response = await fetch(url, {
      method: asks ? 'POST' : 'GET', redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(asks ? { body: new URLSearchParams({ account }) } : {}),
    });
    for (const set of response.headers.getSetCookie()) keep(jar, set);
    const location = response.headers.get('location');
    if (location === null) throw new TypeError(`The provider answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  throw new TypeError('The provider redirects for ever.');
}

function keep(jar: Map<string, string>, set: string): void {
  const [pair = ''] = set.split(';');
  const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
  if (value === '' || /expires=Thu, 01 Jan 1970/i.test(set)) jar.delete(name);
  else jar.set(name, value);
}
