// Figures as the rest of pgsluice writes them: MB is 10^6 bytes, durations as much as one compares.

const units = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

// bytes writes three significant digits: 812 MB, 1.50 GB.
export function bytes(n) {
  if (n < 1000) return `${Math.round(n)} B`;
  let value = n / 1000;
  let unit = 0;
  // 999.5 would be written as 1000: it belongs to the next unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  let digits = 0;
  if (value < 9.995) digits = 2;
  else if (value < 99.95) digits = 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export const rate = (bytesPerSecond) => `${bytes(bytesPerSecond)}/s`;

export const count = (n) => Math.round(n).toLocaleString('en');

export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

// percent never says 100 % before all is there.
export const percent = (share) => `${Math.min(Math.floor(100 * share), share < 1 ? 99 : 100)} %`;

const two = (n) => String(n).padStart(2, '0');

function long(seconds) {
  const s = Math.round(seconds);
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  const m = Math.round(seconds / 60);
  return `${count(Math.floor(m / 60))} h ${two(m % 60)} min`;
}

// duration is for what is over: 420 ms, 42.3 s, 1 min 42 s, 2 h 03 min.
export function duration(seconds) {
  if (seconds <= 0) return '0 s';
  if (seconds < 0.001) return '< 1 ms';
  if (seconds < 0.9995) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return long(seconds);
}

// whole is duration in whole seconds, for what still grows.
export function whole(seconds) {
  const s = Math.max(Math.floor(seconds), 0);
  return s < 60 ? `${s} s` : long(s);
}

// clock is an elapsed time: 0:42, 12:05, 1:02:03.
export function clock(seconds) {
  const s = Math.floor(seconds);
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// moment is a time of the browser's zone: today's without the date.
export function moment(at, now = new Date()) {
  const t = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return t;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${t}`;
}

// stamp is a moment to the second.
export const stamp = (at, now = new Date()) => `${moment(at, now)}:${two(at.getSeconds())}`;

// zone is the browser's, for the sentence that says which times these are.
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

// known is a date, or null for none: the API writes the zero time as the year 1.
export function known(at) {
  if (!at || at.startsWith('0001-')) return null;
  return new Date(at);
}

// parseRate reads a rate as people write it: 20 MB/s, 500kB, 1.5 GB; none and 0 lift it. It returns bytes per second, or null for what it
// can't read.
export function parseRate(words) {
  const w = words.trim();
  if (w === '' || w === '0' || /^none$/i.test(w)) return 0;
  const m = /^([0-9]+(?:\.[0-9]+)?)\s*(k|M|G)?(i)?B?(?:\/s)?$/i.exec(w);
  if (!m) return null;
  const power = { '': 0, k: 1, m: 2, g: 3 }[(m[2] ?? '').toLowerCase()];
  const n = Math.round(Number(m[1]) * (m[3] ? 1024 : 1000) ** power);
  return n >= 1 ? n : null;
}
