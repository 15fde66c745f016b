/** Which page a path shows. Pages that few open first come as chunks of their own. */
import { lazy, Suspense } from 'react';
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router';
import { SignInPage } from './auth/sign-in-page.tsx';
import { SignUpPage } from './auth/sign-up-page.tsx';
import { EndpointsPage } from './endpoints/endpoints-page.tsx';
import { Crash } from './layout/crash.tsx';
import { NotFound } from './layout/not-found.tsx';
import { Shell } from './layout/shell.tsx';

const DeployPage = lazy(() => import('./deploy/deploy-page.tsx'));
const EndpointPage = lazy(() => import('./endpoint/endpoint-page.tsx'));
const KeysPage = lazy(() => import('./keys/keys-page.tsx'));
const UsagePage = lazy(() => import('./usage/usage-page.tsx'));
const TiersPage = lazy(() => import('./tiers/tiers-page.tsx'));
const AccountPage = lazy(() => import('./account/account-page.tsx'));

const router = createBrowserRouter([
  { path: '/sign-in', element: <SignInPage />, errorElement: <Crash /> },
  { path: '/sign-up', element: <SignUpPage />, errorElement: <Crash /> },
  {
    element: <Shell />,
    errorElement: <Crash />,
    children: [
      { path: '/', element: <Navigate to="/endpoints" replace /> },
      { path: '/endpoints', element: <EndpointsPage /> },
      {
        path: '/endpoints/:id/:tab?',
        element: (
          <Later>
            <EndpointPage />
          </Later>
        ),
      },
      {
        path: '/deploy',
        element: (
          <Later>
            <DeployPage />
          </Later>
        ),
      },
      {
        path: '/keys',
        element: (
          <Later>
            <KeysPage />
          </Later>
        ),
      },
      {
        path: '/usage',
        element: (
          <Later>
            <UsagePage />
          </Later>
        ),
      },
      {
        path: '/tiers',
        element: (
          <Later>
            <TiersPage />
          </Later>
        ),
      },
      {
        path: '/account',
        element: (
          <Later>
            <AccountPage />
          </Later>
        ),
      },
      { path: '*', element: <NotFound /> },
    ],
  },
]);

function Later({ children }: { children: React.ReactNode }) {
  return <Suspense fallback={<main aria-busy="true" />}>{children}</Suspense>;
}

export function App() {
  return <RouterProvider router={router} />;
}
