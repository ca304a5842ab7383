import type { SandboxFile, SandboxPlace } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Ago, Button, ErrorState, formatBytes, Icon, Loading, Panel } from '../ui/index.ts';
import styles from './cluster.module.css';
import { LogView } from './log-view.tsx';
import { downloadUrl, useListing } from './requests.ts';

/** Each part of the path leads there. */
function Crumbs({ path, onGo }: { readonly path: string; readonly onGo: (path: string) => void }) {
  const parts = path.split('/').filter((part) => part !== '');
  return (
    <nav className={styles.crumbs} aria-label="Folder">
      <Button kind="quiet" onClick={() => onGo('/')}>
        sandbox
      </Button>
      {parts.map((part, index) => {
        const to = `/${parts.slice(0, index + 1).join('/')}`;
        return (
          <Button key={to} kind="quiet" onClick={() => onGo(to)}>
            {part}
          </Button>
        );
      })}
    </nav>
  );
}

function Row(props: { readonly file: SandboxFile; readonly isOpen: boolean; readonly onOpen: () => void }) {
  const { file, isOpen, onOpen } = props;
  return (
    <li>
      <button type="button" onClick={onOpen} aria-pressed={isOpen}>
        <Icon name={file.isFolder ? 'folder' : 'file'} />
        <span>{file.name}</span>
        <span className="aside">{file.isFolder ? '' : formatBytes(file.sizeBytes)}</span>
        <span className="aside">
          <Ago atMs={file.modifiedMs} />
        </span>
      </button>
    </li>
  );
}

/** The task's folder on its agent: what it wrote, and what was fetched for it. */
export function Sandbox({ place }: { readonly place: SandboxPlace }) {
  const [path, setPath] = useState('/');
  const [open, setOpen] = useState<string>();
  const { data, error, refetch, isFetching } = useListing({ ...place, path });
  // What people look for first, until they choose something else: of what was written, the output; else why there is none.
  const written = ['stdout', 'stderr'].flatMap(
    (name) => data?.files.filter((file) => file.name === name) ?? [],
  );
  const shown = open ?? (written.find(({ sizeBytes }) => sizeBytes > 0) ?? written[0])?.path;
  const go = (to: string) => {
    setPath(to);
    setOpen(undefined);
  };
  return (
    <Panel
      title="Sandbox"
      actions={
        <>
          {shown !== undefined && <a href={downloadUrl({ ...place, path: shown })}>Download</a>}
          <Button kind="quiet" icon="restart" busy={isFetching} onClick={() => void refetch()}>
            Look again
          </Button>
        </>
      }
    >
      <Crumbs path={path} onGo={go} />
      {data === undefined &&
        (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && (
        <div className={styles.sandbox}>
          <ul className={styles.files} aria-label="Files">
            {data.files.map((file) => (
              <Row
                key={file.path}
                file={file}
                isOpen={file.path === shown}
                onOpen={() => (file.isFolder ? go(file.path) : setOpen(file.path))}
              />
            ))}
            {data.files.length === 0 && <li className="aside">Nothing is in here.</li>}
          </ul>
          {shown !== undefined && <LogView key={shown} place={{ ...place, path: shown }} />}
        </div>
      )}
    </Panel>
  );
}
