/** Who is signed in, how the dashboard looks, and signing out. */
import { Button, SegmentedControl, Skeleton, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { installationQuery, meQuery } from '../client/queries.ts';
import { useSignOut } from '../auth/use-sign-out.ts';
import stack from '../endpoint/endpoint-page.module.css';
import facts from '../endpoint/settings-tab.module.css';
import { Page, Panel } from '../parts/page.tsx';

export default function AccountPage() {
  const me = useQuery(meQuery);
  const installation = useQuery(installationQuery);
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title="Account" narrow>
      <div className={stack.stack}>
        <Panel title="You" flush>
          {me.data ? (
            <dl className={facts.facts}>
              <div>
                <dt>E-mail</dt>
                <dd>{me.data.user.email}</dd>
              </div>
              <div>
                <dt>Organization</dt>
                <dd>{me.data.organizations.map(({ name, role }) => `${name} (${role})`).join(', ')}</dd>
              </div>
            </dl>
          ) : (
            <Skeleton height={80} radius={0} />
          )}
        </Panel>
        <Panel title="Look">
          <SegmentedControl
            aria-label="Colour scheme"
            data={[
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
              { value: 'auto', label: 'As the system' },
            ]}
            value={colorScheme}
            onChange={setColorScheme}
          />
        </Panel>
        <Panel title="This installation" flush>
          <dl className={facts.facts}>
            <div>
              <dt>Version</dt>
              <dd>{installation.data?.version ?? '…'}</dd>
            </div>
            <div>
              <dt>API reference</dt>
              <dd>
                <a href="/docs">/docs</a>
              </dd>
            </div>
            {installation.data?.temporal && (
              <div>
                <dt>Temporal Web UI</dt>
                <dd>
                  <a href={installation.data.temporal.uiUrl} target="_blank" rel="noopener noreferrer">
                    {installation.data.temporal.uiUrl}
                  </a>
                </dd>
              </div>
            )}
          </dl>
        </Panel>
        <div>
          <Button variant="default" onClick={signOut}>
            Sign out
          </Button>
        </div>
      </div>
    </Page>
  );
}
