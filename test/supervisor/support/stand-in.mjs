/**
 * Stands in for a part: says that it is ready, and writes its name to a file when it is asked to end.
 * Told by environment: NAME, ENDED_FILE, NEVER_READY, IGNORE_SIGTERM, EXIT_AT_ONCE.
 */
import { appendFileSync } from 'node:fs';

const { NAME, ENDED_FILE, NEVER_READY, IGNORE_SIGTERM, EXIT_AT_ONCE } = process.env;
if (EXIT_AT_ONCE) {
  process.stdout.write('the stand-in has a reason to end\n');
  process.exit(3);
}
process.on('SIGTERM', () => {
  if (IGNORE_SIGTERM) return;
  if (ENDED_FILE) appendFileSync(ENDED_FILE, `${NAME}\n`);
  process.exit(0);
});
setInterval(() => {}, 60_000);
if (!NEVER_READY) process.stdout.write('stand-in ready\n');
