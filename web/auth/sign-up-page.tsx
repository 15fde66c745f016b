import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'react-router';
import type { ApiError } from '../client/api-error.ts';
import { ErrorNotice } from '../parts/error-notice.tsx';
import { AuthFrame } from './auth-frame.tsx';
import { useAuthenticate } from './use-authenticate.ts';

const PASSWORD_LENGTH_MIN = 8;

export function SignUpPage() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isChecked, setIsChecked] = useState(false);
  const signUp = useAuthenticate('/api/auth/sign-up/email', '/endpoints');
  const { search } = useLocation();
  const isEmail = /^\S+@\S+$/.test(email);
  const isLong = password.length >= PASSWORD_LENGTH_MIN;
  const refusal = fieldOf(signUp.error);
  const submit = () => {
    setIsChecked(true);
    if (isEmail && isLong) signUp.mutate({ email, password, name: email.split('@')[0] ?? email });
  };
  return (
    <AuthFrame
      title="Create an account"
      lead="Deploy a model, get an OpenAI-compatible URL that sleeps when nobody uses it."
      onSubmit={submit}
      other={
        <>
          Have an account? <Link to={`/sign-in${search}`}>Sign in</Link>
        </>
      }
    >
      {!refusal && <ErrorNotice error={signUp.error} />}
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={isChecked && !isEmail ? 'Enter your e-mail address.' : refusal === 'email' && signUp.error?.message}
      />
      <PasswordInput
        label="Password"
        description={`At least ${PASSWORD_LENGTH_MIN} characters.`}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={
          isChecked && !isLong
            ? `Use at least ${PASSWORD_LENGTH_MIN} characters.`
            : refusal === 'password' && signUp.error?.message
        }
      />
      <Button type="submit" loading={signUp.isPending}>
        Create account
      </Button>
    </AuthFrame>
  );
}

/** Which field the server complains of. */
function fieldOf(error: ApiError | null): 'email' | 'password' | null {
  if (!error?.reason) return null;
  if (/password/.test(error.reason)) return 'password';
  return /email|user_already/.test(error.reason) ? 'email' : null;
}
