import { isWebAddress } from '../model/web-address.ts';
import styles from './details-panel.module.css';

/** An address that a probe or a plugin told. What is not of the web stays text. */
export function WebLink({ address }: { readonly address: string }) {
  if (!isWebAddress(address)) return address;
  return (
    <a className={styles.link} href={address} target="_blank" rel="noreferrer">
      {address}
    </a>
  );
}
