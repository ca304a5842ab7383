/** Loaded before a program: SIGUSR2 sets its wall clock, by as many milliseconds as `CLOCK_STEP_MS` says. */
const realNow = Date.now;
let offsetMs = 0;

Date.now = () => realNow() + offsetMs;
process.on('SIGUSR2', () => {
  offsetMs += Number(process.env.CLOCK_STEP_MS);
});
