/** Runs once after all suites, also when some failed. See global-setup.mjs for why it is not TypeScript. */
export default async function globalTeardown() {
  const { stopSharedServices } = await import('./shared-services.ts');
  await stopSharedServices();
}
