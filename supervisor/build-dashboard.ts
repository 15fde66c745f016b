/** `npm run build`: the dashboard's files, for images and for whoever runs the api without the supervisor. */
import { buildDashboard } from './parts/dashboard.ts';

process.stdout.write(`dashboard: ${await buildDashboard()}\n`);
