/** Around every page of somebody who is signed in: the bar, the banner of outages, the command palette. */
import { ActionIcon, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconSearch, IconUserCircle } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { Link, Navigate, NavLink, Outlet, useLocation } from 'react-router';
import { sessionQuery } from '../client/queries.ts';
import { useSignOut } from '../auth/use-sign-out.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { Page } from '../parts/page.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { Mark } from './mark.tsx';
import styles from './shell.module.css';
import { ThemeToggle } from './theme-toggle.tsx';

const PAGES = [
  { to: '/endpoints', label: 'Endpoints' },
  { to: '/keys', label: 'Keys' },
  { to: '/usage', label: 'Usage' },
  { to: '/tiers', label: 'Tiers' },
];

export function Shell() {
  const session = useQuery(sessionQuery);
  const location = useLocation();
  const [isPaletteOpen, setIsPaletteOpen] = useState(false);
  useFocusOnNavigation(location.pathname);
  if (session.data === null) {
    const next = ['/', '/endpoints'].includes(location.pathname)
      ? ''
      : `?next=${encodeURIComponent(location.pathname + location.search)}`;
    return <Navigate to={`/sign-in${next}`} replace />;
  }
  return (
    <>
      <a href="#main" className={styles.skip}>
        Skip to content
      </a>
      <ConnectionBanner />
      <header className={styles.bar}>
        <div className={styles.inner}>
          <Link to="/endpoints" className={styles.brand}>
            <Mark size={22} />
            Hypervize
          </Link>
          <nav className={styles.nav} aria-label="Main">
            {PAGES.map(({ to, label }) => (
              <NavLink key={to} to={to}>
                {label}
              </NavLink>
            ))}
          </nav>
          <div className={styles.side}>
            <button type="button" className={styles.search} onClick={() => setIsPaletteOpen(true)}>
              <IconSearch size={15} aria-hidden="true" />
              <span>Search</span>
              <kbd>{/Mac/.test(navigator.platform) ? '⌘' : 'Ctrl'} K</kbd>
            </button>
            <ThemeToggle />
            <AccountMenu email={session.data?.user.email ?? ''} />
          </div>
        </div>
      </header>
      {session.error && !session.data ? (
        <Page title="Hypervize" narrow>
          <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
        </Page>
      ) : (
        session.data && <Outlet />
      )}
      {session.data && <CommandPalette isOpen={isPaletteOpen} setIsOpen={setIsPaletteOpen} />}
    </>
  );
}

function AccountMenu({ email }: { email: string }) {
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label="Account">
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{email || '…'}</Menu.Label>
        <Menu.Item component={Link} to="/account">
          Account
        </Menu.Item>
        <Menu.Item component="a" href="/docs">
          API reference
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Screen readers are told of the new page by the focus moving into it; tabs within a page keep it. */
function useFocusOnNavigation(pathname: string): void {
  const page = pathname.split('/').slice(0, 3).join('/');
  const before = useRef(page);
  useEffect(() => {
    if (before.current === page) return;
    before.current = page;
    window.scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [page]);
}
