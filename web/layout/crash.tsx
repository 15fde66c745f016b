/** Shown when a page itself breaks, or when a chunk of an earlier build is gone. */
import { Button } from '@mantine/core';
import { Page } from '../parts/page.tsx';

export function Crash() {
  return (
    <Page title="This page broke" narrow>
      <p>The page met something that it was not made for. Your endpoints are not affected.</p>
      <Button onClick={() => location.reload()}>Load it again</Button>
    </Page>
  );
}
