import type { Migration } from '@orchestrator/monitor/schema';
import { Facts, Panel, Status } from '../ui/index.ts';
import type { LivePicture, Quorum } from './live.ts';
import styles from './migrations.module.css';
import { addressOf, sideNames } from './stages.ts';

const unknown = 'not known';

function quorumLine(quorum: Quorum | null) {
  if (quorum === null) return unknown;
  const tone = quorum.healthy ? 'ok' : quorum.leader === null ? 'bad' : 'warn';
  return (
    <Status tone={tone}>
      {quorum.serving} of {quorum.total} servers serve
    </Status>
  );
}

/** Both ensembles, as the coordinator sees them. */
export function Sides({
  migration,
  live,
}: {
  readonly migration: Migration;
  readonly live: LivePicture | null;
}) {
  return (
    <Panel title="Ensembles">
      <div className={styles.parts}>
        {(['source', 'target'] as const).map((side) => {
          const quorum = live?.[side] ?? null;
          return (
            <section key={side} className={styles.part} aria-label={sideNames[side]}>
              <h3>{sideNames[side]}</h3>
              <Facts
                facts={[
                  ['Address', <code key="address">{addressOf(migration, side)}</code>],
                  ['Quorum', quorumLine(quorum)],
                  ['Leader', quorum?.leader ?? unknown],
                  ['Connections', live?.clients[side] ?? unknown],
                  ...(quorum === null || quorum.healthy ? [] : [['Servers', quorum.explanation] as const]),
                ]}
              />
            </section>
          );
        })}
      </div>
    </Panel>
  );
}
