/**
 * Runs once before all suites. Not TypeScript, and with a late import: jest would turn a .ts file and all
 * that it imports into CommonJS, which modules with a top-level await do not survive.
 */
export default async function globalSetup() {
  const { startSharedServices } = await import('./shared-services.ts');
  await startSharedServices();
}
