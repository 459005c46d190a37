// Server-sent events by fetch, which can carry a token, where EventSource can't. A stream that breaks is opened again, at first at once and
// then ever more seldom; while it is broken, a line at the top says so.

import { text } from './dom.js';
import { expired, headers, refusal } from './session.js';

const first = 500; // ms until a broken stream is opened again; doubled each time,
const most = 15_000; // up to this
const silence = 60_000; // ms without a byte, comments included, after which a stream counts as broken
const longest = 8 << 20; // characters of one event; more is no event of ours

const patience = 1500; // ms until a broken stream is spoken of: one that was opened again at once is no news

const broken = new Set(); // streams

function showBroken() {
  const line = document.getElementById('lost');
  line.hidden = broken.size === 0;
  if (line.hidden) text(line, '');
  else text(line, 'Connection lost, retrying. What is shown is the last that is known.');
}

// parse takes the whole events off the front of what has arrived, and returns what is left.
export function parse(arrived, take) {
  for (;;) {
    const end = /\r?\n\r?\n/.exec(arrived);
    if (!end) return arrived;
    const event = { name: 'message', id: null, data: '' };
    const data = [];
    for (const line of arrived.slice(0, end.index).split(/\r?\n/)) {
      const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
      if (field === 'event') event.name = value;
      else if (field === 'id') event.id = value;
      else if (field === 'data') data.push(value ?? '');
    }
    arrived = arrived.slice(end.index + end[0].length);
    if (data.length > 0) take({ ...event, data: data.join('\n') });
  }
}

// follow reads a stream until stop is called, or until over() says that what has been read is the end. onEvent gets {name, id, data}, data
// being text, so that what is old can be passed over unread. A stream that has ids goes on behind the last one. While the tab is hidden
// there is no connection: a browser has only a few of them for one host. onRefused gets the answer that can't be mended by waiting.
export function follow(path, { onEvent, over = () => false, onRefused = () => {}, onOpen = () => {} }) {
  const me = { timer: null };
  let stopped = false;
  let last = null;
  let wait = first;
  let wake = () => {};
  let abort = new AbortController();

  async function read() {
    abort = new AbortController();
    let timer;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), silence);
    };
    listen();
    try {
      const answer = await fetch(`/v1${path}`, {
        signal: abort.signal,
        headers: headers(last === null ? { Accept: 'text/event-stream' } : { Accept: 'text/event-stream', 'Last-Event-ID': last }),
        cache: 'no-store',
        credentials: 'same-origin',
        redirect: 'error',
      });
      if (answer.status === 401) expired();
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        stopped = true;
        onRefused(await refusal(answer));
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      mended();
      onOpen();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let arrived = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        listen();
        mended();
        wait = first;
        arrived = parse(arrived + value, (event) => {
          if (event.id !== null) last = event.id;
          if (!stopped) onEvent(event);
        });
        if (arrived.length > longest) throw new Error('an event without an end');
      }
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async function run() {
    while (!stopped) {
      if (document.hidden) {
        await new Promise((resolve) => { wake = resolve; });
        continue;
      }
      await read().catch(() => {});
      if (stopped || over()) break;
      if (document.hidden) continue;
      me.timer ??= setTimeout(() => {
        broken.add(me);
        showBroken();
      }, patience);
      const pause = wait * (0.75 + Math.random() / 2);
      wait = Math.min(2 * wait, most);
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, pause);
      });
    }
    mended();
    document.removeEventListener('visibilitychange', seen);
    removeEventListener('online', again);
  }

  function mended() {
    clearTimeout(me.timer);
    me.timer = null;
    if (broken.delete(me)) showBroken();
  }

  const again = () => wake();
  const seen = () => {
    if (document.hidden) {
      abort.abort();
      mended();
    } else wake();
  };
  document.addEventListener('visibilitychange', seen);
  addEventListener('online', again);
  run();

  return () => {
    stopped = true;
    abort.abort();
    wake();
  };
}
