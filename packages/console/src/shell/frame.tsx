import type { ReactNode } from 'react';
import { Link, useRoute } from 'wouter';
import { type Principal, useLogout } from '../api/index.ts';
import { chooseTheme, useTheme } from '../theme/theme.ts';
import { Icon, IconButton, type IconName } from '../ui/index.ts';
import styles from './frame.module.css';

const places: readonly { readonly path: string; readonly label: string; readonly icon: IconName }[] = [
  { path: '/topology', label: 'Topology', icon: 'topology' },
  { path: '/cluster', label: 'Cluster', icon: 'cluster' },
  { path: '/migrations', label: 'Migrations', icon: 'migration' },
  { path: '/settings', label: 'Settings', icon: 'settings' },
];

function Place({ path, label, icon }: (typeof places)[number]) {
  const [isHere] = useRoute(`${path}/*?`);
  return (
    <li>
      <Link
        href={path}
        className={isHere ? styles.here : styles.place}
        {...(isHere ? { 'aria-current': 'page' } : {})}
      >
        <Icon name={icon} size={18} />
        <span>{label}</span>
      </Link>
    </li>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <IconButton
      icon={theme === 'dark' ? 'sun' : 'moon'}
      label={`Change to ${other}`}
      onClick={() => chooseTheme(other)}
    />
  );
}

/** Where one is and can go, on the left; the page beside it. */
export function Frame({ who, children }: { readonly who: Principal; readonly children: ReactNode }) {
  const logout = useLogout();
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#page">
        Skip to the page
      </a>
      <nav className={styles.nav} aria-label="Pages">
        <Link href="/" className={styles.brand} aria-label="Orchestrator, start">
          <img src="/icon.svg" alt="" width={26} height={26} />
        </Link>
        <ul>
          {places.map((place) => (
            <Place key={place.path} {...place} />
          ))}
        </ul>
        <div className={styles.foot}>
          <ThemeButton />
          <IconButton
            icon="logout"
            label={`Log out ${who.name} (${who.role})`}
            onClick={() => logout.mutate()}
          />
        </div>
      </nav>
      <main id="page" className={styles.page} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
