import { useState } from 'react';
import { useLogin } from '../api/index.ts';
import { Button, sentence, TextField } from '../ui/index.ts';
import styles from './login-page.module.css';

/** For local accounts. The first account's password is in a file, which the log of the server names. */
export function LoginPage() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const login = useLogin();
  const { error } = login;
  return (
    <main className={styles.page}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate({ name, password });
        }}
      >
        <img src="/icon.svg" alt="" width={40} height={40} />
        <h1>Orchestrator</h1>
        <TextField
          label="Account"
          name="username"
          autoComplete="username"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          problem={error === null ? undefined : sentence(error.message)}
        />
        <Button kind="primary" submit busy={login.isPending}>
          Log in
        </Button>
        <p className={styles.hint}>
          First start? The account is <code>admin</code>; its password is in{' '}
          <code>initial-admin-password</code> in the monitor's working folder.
        </p>
      </form>
    </main>
  );
}
