import { Link } from 'wouter';
import { useAbout } from '../api/index.ts';
import { Loading } from '../ui/index.ts';
import styles from './first-run.module.css';
import { probeCommands } from './probe-command.ts';

/** Nobody reports yet: what to start next. */
export function FirstRun() {
  const about = useAbout().data;
  if (about === undefined) return <Loading label="Asking the monitor" />;
  const { here, elsewhere, isReachable } = probeCommands(about, window.location.hostname);
  return (
    <div className={styles.page}>
      <div className={styles.card}>
        <h2>The monitor runs, and no probe reports. Next, start one.</h2>
        <p>
          A probe looks at one host - its processes, containers and connections - and reports here. Start one
          on each host you want to see; it appears on this page by itself within a second.
        </p>
        <ol>
          <li>
            <h3>On the monitor's machine</h3>
            <pre>{here}</pre>
          </li>
          <li>
            <h3>On another host</h3>
            {!isReachable && (
              <p>
                Now it listens for probes of its own machine only. Give it an address, a certificate and a
                token for them (<code>probes.host</code>, <code>probes.tls</code>, <code>probes.tokens</code>
                ), then, over there:
              </p>
            )}
            <pre>{elsewhere}</pre>
          </li>
          <li>
            <h3>Something to look at</h3>
            <pre>docker run -d --name web nginx</pre>
          </li>
        </ol>
        <p className={styles.hint}>
          Nothing appears? The probe says in its log what keeps it away, and{' '}
          <Link href="/settings">what is connected</Link> lists those that have come. There was one before? It
          has gone silent; the slider below leads back to what it told.
        </p>
      </div>
    </div>
  );
}
