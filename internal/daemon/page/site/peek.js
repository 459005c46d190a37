// The progress of transfers that are seen from afar: each in turn is looked at for a moment, so that a list of them takes one connection.

import { parse } from './stream.js';
import { headers } from './session.js';

const every = 2000; // ms between two rounds
const most = 8; // transfers in a round

// peek asks for the live state of the transfers that ids() names, and hands each to take, until it is stopped.
export default function peek(ids, take) {
  const abort = new AbortController();
  async function look(id) {
    const one = new AbortController();
    const signal = AbortSignal.any([abort.signal, one.signal, AbortSignal.timeout(5000)]);
    const answer = await fetch(`/v1/transfers/${encodeURIComponent(id)}/live`, { signal, headers: headers({ Accept: 'text/event-stream' }), cache: 'no-store' });
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let arrived = '';
    for (let found = null; !found;) {
      const { value, done } = await reader.read();
      if (done) break;
      arrived = parse(arrived + value, (event) => { found = event; });
      if (found) take(JSON.parse(found.data));
    }
    one.abort();
  }
  async function rounds() {
    while (!abort.signal.aborted) {
      if (!document.hidden) {
        for (const id of ids().slice(0, most)) await look(id).catch(() => {});
      }
      await new Promise((resolve) => { setTimeout(resolve, every); });
    }
  }
  rounds();
  return () => abort.abort();
}
