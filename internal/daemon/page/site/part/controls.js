// What may be changed of a transfer that is not over: pause, resume, cancel, the rate limit, the streams.

import { el, say, text } from '../dom.js';
import * as format from '../format.js';
import { call } from '../session.js';
import { isFinal } from '../words.js';
import ask from './ask.js';

export default function controls({ path, onChanged }) {
  let now = null;
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const pause = el('button', { type: 'button', onclick: () => change({ want: now.want === 'pause' ? 'run' : 'pause' }) }, 'Pause');
  const cancel = el('button', { type: 'button', class: 'danger', onclick: confirmCancel }, 'Cancel …');
  const limit = el('input', { id: 'limit', size: 9, autocomplete: 'off', spellcheck: 'false', placeholder: 'none', 'aria-describedby': 'limit-hint' });
  const jobs = el('input', { id: 'jobs', type: 'number', min: 0, max: 128, size: 4, placeholder: 'auto', autocomplete: 'off' });
  const setLimit = el('form', { class: 'inline', onsubmit: submitLimit }, el('label', { for: 'limit' }, 'Rate limit'), limit, el('button', { type: 'submit' }, 'Set', el('span', { class: 'unseen' }, ' the rate limit')));
  const setJobs = el('form', { class: 'inline', onsubmit: submitJobs }, el('label', { for: 'jobs' }, 'Streams'), jobs, el('button', { type: 'submit' }, 'Set', el('span', { class: 'unseen' }, ' the streams')));
  const node = el('section', { class: 'controls operate', 'aria-label': 'Controls', hidden: true }, el('div', { class: 'buttons' }, pause, cancel), setLimit, setJobs,
    el('p', { class: 'hint', id: 'limit-hint' }, 'A rate such as 20 MB/s; none lifts it. Without a number of streams, as many run as help.'), wrong);

  async function change(c, words) {
    text(wrong, '');
    node.setAttribute('aria-busy', 'true');
    try {
      onChanged(await call('PATCH', path, c));
      if (words) say(words);
    } catch (refused) {
      text(wrong, refused.message);
    } finally {
      node.removeAttribute('aria-busy');
    }
  }

  async function confirmCancel() {
    const really = await ask({
      title: `Cancel ${now.id}?`, yes: 'Cancel the transfer', no: 'Let it go on',
      words: now.spec.kind === 'copy' || now.spec.kind === 'restore' ? 'What has arrived stays in the target, with the record of it. It is not complete.' : 'What it has made so far is of no use to anybody.',
    });
    if (really) change({ want: 'cancel' });
  }

  function submitLimit(event) {
    event.preventDefault();
    const value = format.parseRate(limit.value);
    if (value === null) {
      text(wrong, `“${limit.value}” is no rate: write one such as 20 MB/s, or none.`);
      limit.focus();
      return;
    }
    change({ rate_limit: value }, value === 0 ? 'The rate limit is lifted.' : `The rate limit is ${format.rate(value)}.`);
  }

  function submitJobs(event) {
    event.preventDefault();
    const value = Number(jobs.value || 0);
    change({ jobs: value }, value === 0 ? 'The number of streams is found out.' : `The number of streams is ${value}.`);
  }

  // A field that somebody writes in is left alone.
  function show(field, value) {
    if (field.said === value) return;
    if (document.activeElement !== field || field.said === undefined) field.value = value;
    field.said = value;
  }

  function draw(t) {
    now = t;
    const over = isFinal(t);
    if (over && node.contains(document.activeElement)) document.querySelector('h1')?.focus();
    node.hidden = over;
    text(pause, t.want === 'pause' ? 'Resume' : 'Pause');
    cancel.disabled = t.want === 'cancel';
    pause.disabled = t.want === 'cancel';
    show(limit, t.spec.options.rate_limit ? format.rate(t.spec.options.rate_limit) : '');
    show(jobs, t.spec.options.jobs ? String(t.spec.options.jobs) : '');
    setLimit.hidden = setJobs.hidden = pause.hidden = t.spec.kind === 'verify';
    node.querySelector('.hint').hidden = setLimit.hidden;
  }
  return { node, draw };
}
