import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ZooKeeperError } from '../errors.ts';
import { parseDirectives, quoted } from './directives.ts';

/** Everything here follows RFC 2831 with `qop=auth`, which is what ZooKeeper's servers speak. */
export interface DigestMd5Options {
  readonly username: string;
  readonly password: string;
  /** `service/host` as the server expects it: `zookeeper/zk-sasl-md5` on the client port. */
  readonly digestUri: string;
  /** Default: the first that the server offers. */
  readonly realm?: string | undefined;
  /** The client's share of chance. Default: 16 random bytes in hexadecimal. */
  readonly cnonce?: string;
}

export interface SaslExchange {
  /**
   * Answers one token of the server; the first call, with an empty token, gives the initial response. Throws `AuthFailed`
   * when the server's token is malformed or does not prove that it knows the password.
   */
  step(challenge: Buffer): Buffer;
  /** The server has proved itself too; nothing more is to be sent. */
  readonly isComplete: boolean;
}

const nonceCount = '00000001';
const empty = Buffer.alloc(0);

function md5(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RFC 2831, 2.1.2.1: in ISO 8859-1 where every character has a place in it, else in UTF-8. */
function credentialBytes(text: string): Buffer {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return Buffer.from(text, 'utf8');
  return Buffer.from(text, 'latin1');
}

interface Context {
  readonly options: DigestMd5Options;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
}

/** The digest of our answer (`AUTHENTICATE`), or of the server's proof (an empty method). */
function responseValue({ options, realm, nonce, cnonce }: Context, method: 'AUTHENTICATE' | ''): string {
  const [user, place, secret] = [options.username, realm, options.password].map(credentialBytes) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const a1 = md5(md5(user, ':', place, ':', secret), `:${nonce}:${cnonce}`).toString('hex');
  const a2 = md5(`${method}:${options.digestUri}`).toString('hex');
  return md5(`${a1}:${nonce}:${nonceCount}:${cnonce}:auth:${a2}`).toString('hex');
}

function readChallenge(options: DigestMd5Options, challenge: Buffer): Context {
  const directives = parseDirectives(challenge.toString('utf8'));
  const nonce = directives.get('nonce');
  if (nonce === undefined) throw refused('the challenge has no nonce');
  if (directives.get('algorithm') !== 'md5-sess')
    throw refused(`the algorithm is ${directives.get('algorithm')}, not md5-sess`);
  const qop = directives.get('qop') ?? 'auth';
  if (!qop.split(',').some((offer) => offer.trim() === 'auth'))
    throw refused(`qop is ${qop}, which leaves out auth`);
  const realm = options.realm ?? directives.get('realm') ?? '';
  return { options, realm, nonce, cnonce: options.cnonce ?? randomBytes(16).toString('hex') };
}

function answer(context: Context): Buffer {
  const { options, realm, nonce, cnonce } = context;
  const directives = [
    'charset=utf-8',
    `username=${quoted(options.username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `nc=${nonceCount}`,
    `cnonce=${quoted(cnonce)}`,
    `digest-uri=${quoted(options.digestUri)}`,
    'maxbuf=65536',
    `response=${responseValue(context, 'AUTHENTICATE')}`,
    'qop=auth',
  ];
  return Buffer.from(directives.join(','), 'utf8');
}

function verify(context: Context, proof: Buffer): void {
  const given = Buffer.from(parseDirectives(proof.toString('utf8')).get('rspauth') ?? '');
  const expected = Buffer.from(responseValue(context, ''));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refused('the server did not prove that it knows the password');
  }
}

function refused(reason: string): ZooKeeperError {
  return new ZooKeeperError('AuthFailed', `SASL DIGEST-MD5: ${reason}`);
}

/** The client's side of a SASL DIGEST-MD5 exchange. */
export function digestMd5(options: DigestMd5Options): SaslExchange {
  let context: Context | undefined;
  let complete = false;
  return {
    get isComplete() {
      return complete;
    },
    step(challenge) {
      if (complete || challenge.length === 0) return empty;
      if (context === undefined) {
        context = readChallenge(options, challenge);
        return answer(context);
      }
      verify(context, challenge);
      complete = true;
      return empty;
    },
  };
}
