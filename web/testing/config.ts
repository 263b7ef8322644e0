/** Where the browser of the tests is. */
export function chromiumPath(): string {
  return process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
}

/** Where the stand-in listens when it is started by hand; tests take a free port. */
export function standInPort(): number {
  return Number(process.env['PORT'] ?? '8088');
}

/** This process's environment without what a test runner has put there: a build is for production. */
export function productionEnvironment(): NodeJS.ProcessEnv {
  const { NODE_ENV: _mode, VITEST: _runner, ...environment } = process.env;
  return environment;
}
