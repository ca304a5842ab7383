import { Link } from 'wouter';
import styles from './first-run.module.css';

/** Nobody reports yet: what to start next. */
export function FirstRun() {
  const host = window.location.hostname;
  return (
    <div className={styles.page}>
      <div className={styles.card}>
        <h2>The monitor runs. Next, start a probe.</h2>
        <p>
          A probe looks at one host - its processes, containers and connections - and reports here. Start one
          on each host you want to see; it appears on this page by itself within a second.
        </p>
        <ol>
          <li>
            <h3>On this machine</h3>
            <pre>orchestrator probe {host}:4041</pre>
          </li>
          <li>
            <h3>On another host</h3>
            <p>
              Give the monitor an address and a token for its probes (<code>probes.host</code>,{' '}
              <code>probes.tokens</code>), then, over there:
            </p>
            <pre>orchestrator probe --token-file=/etc/orchestrator/probe-token grpcs://{host}:4041</pre>
          </li>
          <li>
            <h3>Something to look at</h3>
            <pre>docker run -d --name web nginx</pre>
          </li>
        </ol>
        <p className={styles.hint}>
          Nothing appears? The probe says in its log what keeps it away, and{' '}
          <Link href="/settings">what is connected</Link> lists those that have come.
        </p>
      </div>
    </div>
  );
}
