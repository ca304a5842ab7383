/** The success criteria of the phase reached, and the comparison of both sides: on demand, changing nothing unless asked. */
import { useState } from 'react';
import { permits, useSession } from '../api/index.ts';
import {
  Button,
  Dialog,
  EmptyState,
  ErrorState,
  formatNumber,
  Progress,
  useConfirm,
  useToasts,
} from '../ui/index.ts';
import { CheckList } from './check-list.tsx';
import styles from './migrations.module.css';
import { type CheckResults, type Place, type VerifyReport, validate, verify } from './requests.ts';

type Found<Result> = { readonly result: Result } | { readonly error: unknown } | 'waiting';

function useAsked<Result>() {
  const [found, setFound] = useState<Found<Result>>();
  const ask = (question: () => Promise<Result>) => {
    setFound('waiting');
    question().then(
      (result) => setFound({ result }),
      (error: unknown) => setFound({ error }),
    );
  };
  return { found, ask, close: () => setFound(undefined) };
}

function Differences({ report }: { readonly report: VerifyReport }) {
  const { nodes, difference_count: count, differences } = report;
  const sizes = `${formatNumber(nodes.source)} nodes on the old side, ${formatNumber(nodes.target)} on the new one`;
  if (count === 0) {
    return (
      <EmptyState icon="check" title="Both sides are equal">
        {sizes}.
      </EmptyState>
    );
  }
  return (
    <>
      <p>
        {formatNumber(count)} differences among {sizes}.
      </p>
      <ul className={styles.differences}>
        {differences.map(({ path, fields }) => (
          <li key={path}>
            <code>{path}</code>
            {fields.map(({ field, source, target }) => (
              <span key={field}>
                {field}: <code>{source}</code> and <code>{target}</code>
              </span>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function Answer<Result>(props: {
  readonly found: Found<Result>;
  readonly waiting: string;
  readonly render: (result: Result) => React.ReactNode;
}) {
  const { found, waiting, render } = props;
  if (found === 'waiting') return <Progress label={waiting} />;
  if ('error' in found) return <ErrorState error={found.error} />;
  return render(found.result);
}

export function CheckNow({ at }: { readonly at: Place }) {
  const who = useSession().data;
  const confirm = useConfirm();
  const toasts = useToasts();
  const criteria = useAsked<CheckResults>();
  const comparison = useAsked<VerifyReport>();
  const repair = async () => {
    const yes = await confirm({
      title: 'Mend what differs?',
      text: 'Where both sides differ and no change is on its way, the new side is made equal to the old one.',
      action: 'Mend',
      dangerous: true,
    });
    if (!yes) return;
    await toasts.run({ running: 'Mending', done: 'Mended' }, () => verify(at, true));
    comparison.ask(() => verify(at, false));
  };
  return (
    <>
      <Button kind="quiet" onClick={() => criteria.ask(() => validate(at))}>
        Check criteria
      </Button>
      <Button kind="quiet" onClick={() => comparison.ask(() => verify(at, false))}>
        Compare sides
      </Button>
      {criteria.found !== undefined && (
        <Dialog title="Success criteria now" onClose={criteria.close} wide>
          <Answer
            found={criteria.found}
            waiting="Both ensembles are asked"
            render={({ results }) => <CheckList results={results} />}
          />
        </Dialog>
      )}
      {comparison.found !== undefined && (
        <Dialog
          title="Both sides, node by node"
          onClose={comparison.close}
          wide
          actions={
            permits(who, 'admin') &&
            typeof comparison.found === 'object' &&
            'result' in comparison.found &&
            comparison.found.result.difference_count > 0 ? (
              <Button onClick={() => void repair()}>Mend…</Button>
            ) : undefined
          }
        >
          <Answer
            found={comparison.found}
            waiting="Every node of both sides is read"
            render={(report) => <Differences report={report} />}
          />
        </Dialog>
      )}
    </>
  );
}
