// Numbers, times and commands as people read them.

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** 1234567 as `1.2 MB`. */
export function bytes(count) {
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${count === 1 ? 'byte' : UNITS[unit]}`;
}

/** The server writes offsets without a colon, which not every browser reads. */
export const instant = (text) => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));

const two = (number) => String(number).padStart(2, '0');

/** The time of the day, to the second. */
export function time(millis) {
  const at = new Date(millis);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
}

export function date(millis) {
  const at = new Date(millis);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time(millis)}`;
}

/** 754000 as `12 min 34 s`. */
export function span(millis) {
  if (millis < 1000) return `${Math.round(millis)} ms`;
  const seconds = Math.floor(millis / 1000);
  if (seconds < 60) return millis < 10000 ? `${(millis / 1000).toFixed(1)} s` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

const MILLIS = { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000 };

/** `1h 30m` in milliseconds. */
export function millis(duration) {
  let sum = 0;
  for (const [, number, unit] of duration.matchAll(/(\d+)\s*(ms|s|m|h|d)/g)) sum += number * MILLIS[unit];
  return sum;
}

/** JSON over several lines; anything else as it is. */
export function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The command that asks the same. Passwords are not known here: curl asks for them. */
export function curl({ entry, request }) {
  const parts = ['curl', '-i'];
  if (entry.method !== 'GET') parts.push('-X', entry.method);
  if (entry.user) parts.push('-u', quoted(entry.user));
  for (const { name, value } of request?.headers ?? []) {
    const isAdded = ['host', 'authorization', 'content-length', 'connection', 'accept-encoding', 'user-agent', 'x-mock-page'];
    if (!isAdded.includes(name) && !name.startsWith('sec-')) parts.push('-H', quoted(`${name}: ${value}`));
  }
  if (request?.body) parts.push('--data-binary', quoted(request.body));
  return [...parts, quoted(location.origin + entry.path)].join(' ');
}

/** What a download is at, in words. */
export function state(download) {
  if (download.isDeleted) return 'deleted';
  const isFinal = !['PENDING', 'IN_PROGRESS'].includes(download.status);
  if (download.isJobOver && !isFinal) return 'dead';
  if (download.isHeld) return 'held';
  return isFinal ? 'over' : 'running';
}

export const percent = ({ bytesAdded, totalBytes, status }) =>
  totalBytes ? Math.floor((100 * bytesAdded) / totalBytes) : status === 'DONE' ? 100 : 0;
