import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { Page } from '../parts/page.tsx';

export function NotFound() {
  return (
    <Page title="There is nothing here" narrow>
      <p className="dim">This address names no page. It may have been mistyped.</p>
      <Button component={Link} to="/endpoints">
        Go to your endpoints
      </Button>
    </Page>
  );
}
