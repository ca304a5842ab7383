/** A peer's bytes do not follow the format. The connection they came from cannot be read any further. */
export class JuteError extends Error {
  override readonly name = 'JuteError';
}
