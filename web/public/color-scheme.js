// Chosen before the first paint, so that a dark page never flashes light. A file, because inline scripts are not run.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('hypervize-color-scheme') ?? 'auto';
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');
})();
