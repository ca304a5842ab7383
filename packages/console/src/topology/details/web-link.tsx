import styles from './details-panel.module.css';

const isWeb = (address: string) => /^https?:\/\//i.test(address);

/** An address that a probe or a plugin told. What is not of the web stays text: a script would run as this page. */
export function WebLink({ address }: { readonly address: string }) {
  if (!isWeb(address)) return address;
  return (
    <a className={styles.link} href={address} target="_blank" rel="noreferrer">
      {address}
    </a>
  );
}
