import { ZooKeeperError } from '../errors.ts';

/** A peer's bytes do not follow the format. The connection they came from cannot be read any further. */
export class JuteError extends ZooKeeperError {
  override readonly name = 'JuteError';

  constructor(message: string) {
    super('Malformed', message);
  }
}
