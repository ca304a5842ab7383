import { Panel } from '../ui/index.ts';
import styles from './migrations.module.css';
import { type Place, reportUrl } from './requests.ts';

/** The report as it stands now. Its page may run nothing and load nothing. */
export function Report({ at }: { readonly at: Place }) {
  return (
    <Panel
      title="Report"
      flush
      actions={
        <>
          <a href={reportUrl(at, 'html')} target="_blank" rel="noreferrer">
            Open by itself
          </a>
          <a href={reportUrl(at, 'markdown')} download={`${at.id}.md`}>
            Markdown
          </a>
          <a href={reportUrl(at, 'json')} download={`${at.id}.json`}>
            JSON
          </a>
        </>
      }
    >
      <iframe className={styles.report} title="Migration report" src={reportUrl(at, 'html')} sandbox="" />
    </Panel>
  );
}
