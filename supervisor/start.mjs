/**
 * `npm start`. Plain JavaScript that an old Node can run, so that it can say what is missing instead of
 * failing on the first line of TypeScript.
 */
import { existsSync } from 'node:fs';

const NODE_MAJOR_MIN = 24;
const found = process.versions.node;

/** @returns {string | null} one sentence with the command that helps */
function whatIsMissing() {
  if (!existsSync(new URL('../node_modules/pg', import.meta.url)))
    return 'The packages are not installed yet: run "npm ci", then "npm start".';
  if (Number(found.split('.')[0]) >= NODE_MAJOR_MIN) return null;
  const carried = existsSync(new URL('../node_modules/.bin/node', import.meta.url));
  if (carried)
    return `This is Node ${found} and Hypervize runs on Node ${NODE_MAJOR_MIN}, which it brings along: run "npm start" rather than this file.`;
  const install =
    process.platform === 'darwin'
      ? `"brew install node@${NODE_MAJOR_MIN}"`
      : `"npx n ${NODE_MAJOR_MIN}" or your package manager`;
  return `This is Node ${found} and Hypervize needs Node ${NODE_MAJOR_MIN} or newer: install it with ${install}, then run "npm start" again.`;
}

const missing = whatIsMissing();
if (missing) {
  process.stderr.write(`${missing}\n`);
  process.exitCode = 1;
} else {
  await import('./main.ts');
}
