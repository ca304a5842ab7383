import styles from './snippet.module.css';

/** Lines to copy into a file or a shell. */
export function Snippet({ text }: { readonly text: string }) {
  return <pre className={styles.snippet}>{text}</pre>;
}
