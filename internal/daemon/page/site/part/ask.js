// A question in a dialog of the browser's own, which keeps the focus and gives it back. It is answered by true or false; Escape is no.

import { el, id } from '../dom.js';

export default function ask({ title, words, yes, no, danger = true }) {
  const [heading, text] = [id('ask'), id('words')];
  return new Promise((resolve) => {
    const dialog = el('dialog', { 'aria-labelledby': heading, 'aria-describedby': text },
      el('form', { method: 'dialog' },
        el('h2', { id: heading }, title), el('p', { id: text }, words),
        el('div', { class: 'buttons' }, el('button', { value: 'no', autofocus: true }, no), el('button', { value: 'yes', class: danger ? 'danger' : 'primary' }, yes))));
    const back = document.activeElement;
    dialog.addEventListener('close', () => {
      dialog.remove();
      back?.focus?.();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
