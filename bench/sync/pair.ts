/** Two real ensembles and a folder for an engine between them. */
import { type Ensemble, type EnsembleOptions, startEnsemble, temporaryFolder } from '@orchestrator/testing';

export interface Pair extends AsyncDisposable {
  readonly source: Ensemble;
  readonly target: Ensemble;
  readonly workFolder: string;
}

/** Three servers a side by default. */
export async function startPair(options: EnsembleOptions = {}): Promise<Pair> {
  const [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  return {
    source,
    target,
    workFolder: await temporaryFolder('bench'),
    async [Symbol.asyncDispose]() {
      await Promise.all([source.close(), target.close()]);
    },
  };
}
