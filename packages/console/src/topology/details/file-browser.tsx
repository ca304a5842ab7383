/** Files of a container: folders to walk through, files to look into and to take along. */
import { type ContainerFile, containerFileText, containerListing } from '@orchestrator/monitor/schema';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { request, urlOf } from '../../api/index.ts';
import {
  Button,
  type Column,
  Dialog,
  ErrorState,
  formatBytes,
  formatTime,
  Icon,
  Loading,
  Table,
} from '../../ui/index.ts';
import styles from './file-browser.module.css';

/** What is shown of a file; the rest is for a download. */
const shownBytes = 65_536;

const filesPath = (nodeId: string) => `/api/containers/${encodeURIComponent(nodeId)}/files`;
const below = (folder: string, name: string) => `${folder === '/' ? '' : folder}/${name}`;
const above = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';

const columns: readonly Column<ContainerFile>[] = [
  {
    ...{ id: 'name', label: 'Name', width: 'minmax(180px, 3fr)' },
    value: ({ type, name }) => `${type === 'folder' ? 0 : 1}${name}`,
    render: ({ type, name, target }) => (
      <span className={styles.name}>
        <Icon name={type === 'folder' ? 'folder' : 'file'} size={14} />
        {name}
        {target !== undefined && <small>→ {target}</small>}
      </span>
    ),
  },
  {
    ...{ id: 'size', label: 'Size', width: '100px', align: 'right' },
    value: ({ size }) => size,
    render: ({ type, size }) => (type === 'folder' ? '' : formatBytes(size)),
  },
  {
    ...{ id: 'changed', label: 'Changed', width: '160px' },
    value: ({ modified }) => modified,
    render: ({ modified }) => formatTime(modified),
  },
];

function Folder({
  nodeId,
  path,
  open,
}: {
  readonly nodeId: string;
  readonly path: string;
  readonly open: (path: string, isFolder: boolean) => void;
}) {
  const listing = useQuery({
    queryKey: ['files', nodeId, path],
    queryFn: ({ signal }) =>
      request(filesPath(nodeId), { query: { path }, schema: containerListing, signal }),
  });
  if (listing.data === undefined) {
    return listing.error === null ? (
      <Loading />
    ) : (
      <ErrorState error={listing.error} onRetry={() => void listing.refetch()} />
    );
  }
  return (
    <>
      <div className={styles.list}>
        <Table
          label={`Files in ${path}`}
          columns={columns}
          rows={listing.data.entries}
          keyOf={({ name }) => name}
          sorting={{ column: 'name', descending: false }}
          onOpen={({ name, type }) => open(below(path, name), type === 'folder')}
          empty="This folder is empty."
        />
      </div>
      {listing.data.truncated && (
        <p>There are more files than are shown; take the folder along to see all of them.</p>
      )}
    </>
  );
}

function FileText({ nodeId, path }: { readonly nodeId: string; readonly path: string }) {
  const file = useQuery({
    queryKey: ['file', nodeId, path],
    queryFn: ({ signal }) =>
      request(`${filesPath(nodeId)}/content`, {
        query: { path, length: shownBytes },
        schema: containerFileText,
        signal,
      }),
  });
  if (file.data === undefined) {
    return file.error === null ? (
      <Loading />
    ) : (
      <ErrorState error={file.error} onRetry={() => void file.refetch()} />
    );
  }
  const { content, encoding, size } = file.data;
  if (encoding === 'base64')
    return <p>This file is no text ({formatBytes(size)}). Download it to look into it.</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys */}
      <pre className={styles.text} tabIndex={0}>
        {content}
      </pre>
      {size > shownBytes && (
        <p>
          The first {formatBytes(shownBytes)} of {formatBytes(size)}. Download it for the rest.
        </p>
      )}
    </>
  );
}

export function FileBrowser({
  nodeId,
  label,
  onClose,
}: {
  readonly nodeId: string;
  readonly label: string;
  readonly onClose: () => void;
}) {
  const [place, setPlace] = useState({ path: '/', isFolder: true });
  const { path, isFolder } = place;
  const open = (to: string, toFolder: boolean) => setPlace({ path: to, isFolder: toFolder });
  return (
    <Dialog
      wide
      title={`Files of ${label}`}
      onClose={onClose}
      actions={
        <a className={styles.download} href={urlOf(`${filesPath(nodeId)}/download`, { path })} download>
          <Icon name="download" /> {isFolder ? 'Download folder' : 'Download file'}
        </a>
      }
    >
      <div className={styles.path}>
        <Button disabled={path === '/'} onClick={() => open(above(path), true)}>
          Up
        </Button>
        <code>{path}</code>
      </div>
      {isFolder ? (
        <Folder key={path} {...{ nodeId, path, open }} />
      ) : (
        <FileText nodeId={nodeId} path={path} />
      )}
    </Dialog>
  );
}
