/** Options that several commands share, with one meaning and one text each. */
import { type Command, Option } from 'commander';
import { environmentNote } from '../program/options.ts';
import type { CredentialOptions } from './connection/credentials.ts';

export interface MasterOptions extends CredentialOptions {
  readonly master?: string;
  readonly caFile?: string;
}

/** How to find the masters, and who asks. */
export function withMaster(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--master <address>',
        `host:port,…, https://host:port or zk://host:port,…/path; default: the cluster of cluster up ${environmentNote('ORCHESTRATOR_MASTER')}`,
      ),
    )
    .addOption(new Option('--principal <name>', `who asks ${environmentNote('ORCHESTRATOR_PRINCIPAL')}`))
    .addOption(
      new Option(
        '--secret-file <file>',
        `the secret of the principal ${environmentNote('ORCHESTRATOR_SECRET, the secret itself')}`,
      ),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        `a bearer token instead ${environmentNote('ORCHESTRATOR_TOKEN, the token itself')}`,
      ),
    )
    .addOption(
      new Option(
        '--ca-file <file>',
        `PEM of the authority that signed the certificates; implies TLS ${environmentNote('ORCHESTRATOR_CA_FILE')}`,
      ),
    );
}

export const clusterFolderOption = () =>
  new Option('--work-dir <folder>', `state of the local cluster ${environmentNote('ORCHESTRATOR_WORK_DIR')}`);

/** Of an option that may be given several times. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
