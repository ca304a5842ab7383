import { syntaxError } from './syntax.ts';

const longNumber = /\d{16}/;
// Strings first, so that digits inside them are not taken for numbers.
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]{15,}/gs;
const wholeNumber = /^-?\d+$/;

const quoteNumber = (token: string) => (wholeNumber.test(token) ? `"${token}"` : token);

/**
 * `JSON.parse`, but for whole numbers of 16 digits and more: these come as strings, with every digit. What reads
 * messages takes numbers in strings anyway. Throws `MesosError` (`invalid`) in Mesos' words.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(longNumber.test(text) ? text.replace(stringOrNumber, quoteNumber) : text);
  } catch (cause) {
    throw syntaxError(text, cause);
  }
}
