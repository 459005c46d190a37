// What a transfer would do, as preflight sees it.

import { el, shape } from '../dom.js';
import * as format from '../format.js';

const tones = { error: ['bad', 'bad'], warning: ['warn', 'warn'], note: ['stop', 'note'] };

// preview draws a work.Preview.
export default function preview(p) {
  const facts = [['to move', p.bytes > 0 ? `≈${format.bytes(p.bytes)}` : ''], ['rows', p.rows > 0 ? `≈${format.count(p.rows)}` : ''], ['tables', p.tables > 0 ? format.count(p.tables) : ''],
    ['indexes', p.indexes > 0 ? format.count(p.indexes) : ''], ['constraints', p.keys > 0 ? format.count(p.keys) : ''], ['takes, about', p.seconds > 0 ? format.whole(p.seconds) : '']].filter((f) => f[1] !== '');
  const order = ['error', 'warning', 'note'];
  const findings = [...(p.findings ?? [])].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return [
    p.refused ? el('p', { class: 'word bad' }, shape('bad', 18), el('strong', {}, 'It would not begin')) : null,
    el('dl', { class: 'facts' }, ...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    findings.length > 0 ? el('ul', { class: 'findings' }, ...findings.map((f) => {
      const [tone, mark] = tones[f.severity] ?? tones.note;
      return el('li', { class: tone }, shape(mark, 16), el('div', {}, el('span', { class: 'unseen' }, `${f.severity}: `), f.text, f.advice ? el('p', { class: 'hint' }, f.advice) : null));
    })) : null,
  ].filter(Boolean);
}
