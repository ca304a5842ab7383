export { type Clock, sleep, systemClock, type Timer } from './clock.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
