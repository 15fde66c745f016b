import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'react-router';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { AuthFrame } from './auth-frame.tsx';
import { useAuthenticate } from './use-authenticate.ts';

export function SignInPage() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isChecked, setIsChecked] = useState(false);
  const signIn = useAuthenticate('/api/auth/sign-in/email', '/endpoints');
  const { search } = useLocation();
  const submit = () => {
    setIsChecked(true);
    if (email && password) signIn.mutate({ email, password });
  };
  return (
    <AuthFrame
      title="Sign in"
      lead="To your inference endpoints."
      onSubmit={submit}
      other={
        <>
          No account yet? <Link to={`/sign-up${search}`}>Create one</Link>
        </>
      }
    >
      <ErrorNotice error={signIn.error} />
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={isChecked && !email && 'Enter your e-mail address.'}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={isChecked && !password && 'Enter your password.'}
      />
      <Button type="submit" loading={signIn.isPending}>
        Sign in
      </Button>
    </AuthFrame>
  );
}
