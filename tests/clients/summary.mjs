// A reporter for node:test that says in one line at the end how it went.

export default async function* summary(events) {
  let [passed, failed, seconds] = [0, 0, process.uptime()];
  for await (const { type, data } of events) {
    if (data?.details?.type === 'suite') continue;
    if (type === 'test:pass') passed += 1;
    if (type === 'test:fail') failed += 1;
  }
  seconds = process.uptime() - seconds;
  yield `${process.env.SUITE}: ${passed} passed, ${failed} failed, in ${seconds.toFixed(1)} s\n`;
}
