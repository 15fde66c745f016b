/** The dashboard. Everything it knows it reads from the api; what it keeps of its own is a draft and a colour scheme. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createQueryClient } from './client/query-client.ts';
import { colorSchemeManager, theme } from './theme.ts';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root element');

// Without the two that would write <style> elements; theme.css has what they hold.
createRoot(root).render(
  <MantineProvider
    theme={theme}
    colorSchemeManager={colorSchemeManager}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <QueryClientProvider client={createQueryClient()}>
      <Notifications position="bottom-right" limit={3} />
      <App />
    </QueryClientProvider>
  </MantineProvider>,
);
