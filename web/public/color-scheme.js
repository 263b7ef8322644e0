// Sets the colour scheme before the first paint. A file of its own because the content security policy refuses inline scripts.
(function () {
  var stored = null;
  try {
    stored = window.localStorage.getItem('countersign-color-scheme');
  } catch {
    // Storage is off: follow the system.
  }
  var dark = stored === 'dark' || (stored !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
