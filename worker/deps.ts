/** Wires the activities' dependencies from the configuration. */
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../activities/deps.ts';
import { createFaultPoint } from '../activities/fault-points.ts';
import { outboxFolderMailer } from '../activities/mail/outbox-folder.ts';
import { sendGridMailer } from '../activities/mail/sendgrid.ts';
import type { Config } from '../config.ts';
import type { Db } from '../db/client.ts';
import { hubReadings } from '../db/hub-cache.ts';
import { SecretBox } from '../db/secrets.ts';
import { priceList } from '../domain/pricing.ts';
import { createHub } from '../hub/hub.ts';
import { createModelReader } from '../hub/model-reader.ts';
import { createProviders } from '../providers/index.ts';
import { localMachine } from '../providers/local/local-machine.ts';
import { temporalDirectory } from './lifecycle-directory.ts';

export function createDeps(config: Config, db: Db, temporal: Client, installationId: string): ActivityDeps {
  const { mail } = config;
  return {
    db,
    secretBox: new SecretBox(config.secretKeys),
    installationId,
    providers: createProviders(config),
    localMachine: () => localMachine(config.local),
    models: createModelReader(createHub(config.hub), hubReadings(db)),
    offers: priceList(config.pricing.overrides).offers,
    mailer: mail.sendGridApiKey
      ? sendGridMailer({ apiKey: mail.sendGridApiKey, baseUrl: mail.sendGridBaseUrl, from: mail.from })
      : outboxFolderMailer(mail.outboxFolder),
    lifecycles: temporalDirectory(temporal, db, installationId),
    publicUrl: config.publicUrl,
    limits: config.limits,
    reaper: { graceSeconds: config.reaper.graceSeconds, mode: config.reaper.mode },
    faultPoint: createFaultPoint(config.fault, path.join(config.home, 'faults')),
  };
}
